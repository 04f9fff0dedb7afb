package paste_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/nova-go/nova/paste"
)

// built is what stand-in factories build: a record of how they were called.
type built struct {
	Factory string            `json:"factory"`
	Global  paste.Conf        `json:"global"`
	Local   paste.Conf        `json:"local"`
	App     *built            `json:"app,omitempty"`  // what a filter wraps
	Apps    map[string]*built `json:"apps,omitempty"` // what a composite holds
}

func (*built) ServeHTTP(http.ResponseWriter, *http.Request) {}

func standApp(key string) paste.App {
	return func(g, l paste.Conf) (http.Handler, error) { return &built{Factory: key, Global: g, Local: l}, nil }
}

func standFilter(key string) paste.Filter {
	return func(g, l paste.Conf) (func(http.Handler) http.Handler, error) {
		return func(h http.Handler) http.Handler {
			return &built{Factory: key, Global: g, Local: l, App: h.(*built)}
		}, nil
	}
}

func standFilterApp(key string) paste.FilterApp {
	return func(h http.Handler, g, l paste.Conf) (http.Handler, error) {
		return &built{Factory: key, Global: g, Local: l, App: h.(*built)}, nil
	}
}

// standMap is a composite of applications by option, like a urlmap.
func standMap(key string) paste.DescribedComposite {
	return paste.DescribedComposite{
		Build: func(l *paste.Loader, g, local paste.Conf) (http.Handler, error) {
			b := &built{Factory: key, Global: g, Local: local, Apps: map[string]*built{}}
			for _, at := range slices.Sorted(maps.Keys(local)) {
				if at == "not_found_app" && local[at] == "" {
					continue // it names none
				}
				if _, _, err := paste.ParsePlace(at); err != nil && at != "not_found_app" {
					return nil, err
				}
				h, err := l.App(local[at], g)
				if err != nil {
					return nil, err
				}
				b.Apps[at] = h.(*built)
			}
			return b, nil
		},
		Parts: paste.URLMapParts,
	}
}

// chosen is the option a pipeline-like composite uses here.
func chosen(local paste.Conf) string {
	if _, ok := local["keystone"]; !ok {
		return "default"
	}
	return "keystone"
}

// standPipelines is a composite that chooses a pipeline, like Nova's pipeline_factory_v21.
func standPipelines(key string) paste.DescribedComposite {
	return paste.DescribedComposite{
		Build: func(l *paste.Loader, g, local paste.Conf) (http.Handler, error) {
			at := chosen(local)
			h, err := l.Pipeline(local[at], nil)
			if err != nil {
				return nil, err
			}
			return &built{Factory: key, Global: g, Local: local, Apps: map[string]*built{at: h.(*built)}}, nil
		},
		Parts: paste.PipelineParts(chosen),
	}
}

func standComposite(key string) paste.Factory {
	if strings.Contains(key, "pipeline") {
		return standPipelines(key)
	}
	return standMap(key)
}

var (
	headerLine  = regexp.MustCompile(`^\[([\w-]+)`)
	factoryLine = regexp.MustCompile(`paste\.(\w+_factory)\s*[=:]\s*([^\s\[]+)`)
	useLine     = regexp.MustCompile(`^use\s*[=:]\s*(call|egg):(\S+)`)
)

// standIns registers a stand-in for every factory the text names, of the kind it
// is used as, except for names that begin with "missing".
func standIns(text string) paste.Registry {
	r := paste.Registry{
		"Paste#urlmap":   standMap("Paste#urlmap"),
		"Stand#main":     standApp("Stand#main"),
		"Stand#app":      standApp("Stand#app"),
		"Stand#filter":   standFilter("Stand#filter"),
		"Stand#wrap":     standFilterApp("Stand#wrap"),
		"Stand#map":      standMap("Stand#map"),
		"Stand#pipeline": standPipelines("Stand#pipeline"),
		"Stand#both":     paste.Kinds{standApp("Stand#both"), standFilter("Stand#both")},
		"stand:app":      standApp("stand:app"),
		"stand:filter":   standFilter("stand:filter"),
		"stand:map":      standMap("stand:map"),
		"stand:pipeline": standPipelines("stand:pipeline"),
	}
	section := ""
	add := func(key, kind string) {
		if strings.HasPrefix(key, "missing") || r[key] != nil {
			return
		}
		switch kind {
		case "app_factory", "app", "application":
			r[key] = standApp(key)
		case "filter_factory", "filter":
			r[key] = standFilter(key)
		case "filter_app_factory":
			r[key] = standFilterApp(key)
		case "composite_factory", "composit_factory", "composite", "composit":
			r[key] = standComposite(key)
		}
	}
	for line := range strings.Lines(text) {
		if m := headerLine.FindStringSubmatch(line); m != nil {
			section = m[1]
		}
		if m := factoryLine.FindStringSubmatch(line); m != nil {
			add(m[2], m[1])
		}
		if m := useLine.FindStringSubmatch(line); m != nil {
			key := m[2]
			if m[1] == "egg" && !strings.Contains(key, "#") {
				key += "#main"
			}
			if strings.HasPrefix(strings.ToLower(key), "paste#") || strings.HasPrefix(key, "Stand") {
				continue
			}
			add(key, section)
		}
	}
	return r
}

// toJSON writes v readably, with the directory of the test files as $DIR and
// without the globals every file has.
func toJSON(v any, dir, file string) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(v); err != nil {
		panic(err)
	}
	return strings.ReplaceAll(strings.ReplaceAll(b.String(), file, "$FILE"), dir, "$DIR")
}

// plainGlobals removes "here" and "__file__" from a description where they are
// what they always are.
func plainGlobals(n *paste.Node, dir, file string) {
	if n.GlobalConf["here"] == dir && n.GlobalConf["__file__"] == file {
		delete(n.GlobalConf, "here")
		delete(n.GlobalConf, "__file__")
	}
	for _, c := range n.Children {
		plainGlobals(c, dir, file)
	}
}

// asBuilt turns a description into what Load has the stand-ins build.
func asBuilt(n *paste.Node) *built {
	if n.Kind != "pipeline" {
		b := &built{Factory: n.Factory, Global: n.GlobalConf, Local: n.LocalConf}
		for _, c := range n.Children {
			if b.Apps == nil {
				b.Apps = map[string]*built{}
			}
			b.Apps[c.At] = asBuilt(c)
		}
		return b
	}
	last := len(n.Children) - 1
	b := asBuilt(n.Children[last])
	for _, f := range slices.Backward(n.Children[:last]) {
		if f.Skipped {
			continue
		}
		w := asBuilt(f)
		w.App = b
		b = w
	}
	return b
}
