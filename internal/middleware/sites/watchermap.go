package sites

import (
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/rs/zerolog"
	"go.yaml.in/yaml/v3"

	"github.com/nova-go/nova/internal/middleware/cadf"
)

// watcherMap is the configuration file of the watcher. It names the type of what a request is
// about, in terms of CADF, and the action.
type watcherMap struct {
	prefix     string // of target types, such as "service/compute"
	keywords   []watcherKeyword
	exclusions []string
	paths      []watcherPath
	// custom is [custom_actions]: mappings and lists by the parts of target types; nil if there
	// are none.
	custom *yaml.Node
}

// watcherKeyword is a part of a path that is followed by the name or the id of a resource, which
// singular replaces. If singular is "", it follows from the keyword.
type watcherKeyword struct{ name, singular string }

// watcherPath replaces what matches in a path; the result is the target type.
type watcherPath struct {
	matches *regexp.Regexp
	by      string
}

// The prefixes of service types for which it is not service/TYPE.
var watcherPrefixes = map[string]string{
	"object-store": "service/storage/object", "image": "service/storage/image", "volume": "service/storage/block",
	"identity": "data/security", "share": "service/storage/share", "baremetal": "service/compute/baremetal",
	"key-manager": "service/security/keymanager",
}

// watcherExclusions are words that follow a keyword and are no names of resources.
var watcherExclusions = []string{"detail", "default", "info", "capacities", "root", "create", "delete", "update", "action", "enable",
	"disable", "force", "force-down", "add", "remove", "reboot", "shutdown", "startup", "consoles", "health", "healthz"}

var (
	watcherID      = regexp.MustCompile(`^[a-fA-F0-9?-]{32}`)
	watcherVersion = regexp.MustCompile(`^v(?:\d+\.)?(?:\d+\.)?(\*|\d+)$`)
	watcherDate    = regexp.MustCompile(`^\d{4}-\d{2}-\d{2}$`)
	endsInVersion  = regexp.MustCompile(`^\S*v(?:\d+\.)?(?:\d+\.)?(\*|\d+)$`)
	projectInPath  = regexp.MustCompile(`^\S+v(?:\d+\.)?(?:\d+\.)?(?:\*|\d+)/([a-fA-F0-9?-]{32,36})(?:/|$)`)
)

// readWatcherMap reads the file of config_file; path "" means that there is none.
func readWatcherMap(path, prefix string, log zerolog.Logger) (*watcherMap, error) {
	m := &watcherMap{prefix: prefix, keywords: []watcherKeyword{{"tags", ""}, {"metadata", "key"}}, exclusions: watcherExclusions}
	if path == "" {
		return m, nil
	}
	f, err := readFilterFile("config_file", path, log)
	if err != nil {
		return nil, err
	}
	top, err := f.pairs(f.root, "the file")
	if err != nil {
		return nil, err
	}
	f.unread(top, "path_keywords", "keyword_exclusions", "regex_path_mapping", "custom_actions")
	for _, p := range top {
		switch p.name {
		case "path_keywords":
			err = m.readKeywords(f, p.value)
		case "keyword_exclusions":
			var more []string
			more, err = f.texts(p.value, p.name)
			m.exclusions = append(slices.Clone(m.exclusions), more...)
		case "regex_path_mapping":
			err = m.readPaths(f, p.value)
		case "custom_actions":
			if _, err = f.pairs(p.value, p.name); err == nil && !isNull(p.value) && len(p.value.Content) > 0 {
				m.custom = p.value
			}
		}
		if err != nil {
			return nil, err
		}
	}
	return m, nil
}

func (m *watcherMap) readKeywords(f *filterFile, n *yaml.Node) error {
	items, err := f.items(n, "path_keywords")
	if err != nil {
		return err
	}
	for _, item := range items {
		if item.Kind == yaml.ScalarNode {
			m.keywords = append(m.keywords, watcherKeyword{item.Value, ""})
			continue
		}
		pair, err := f.pairs(item, "an element of path_keywords")
		if err != nil {
			return err
		}
		if len(pair) != 1 || pair[0].value.Kind != yaml.ScalarNode {
			return f.fail(item, "an element of path_keywords is neither KEYWORD nor KEYWORD: SINGULAR")
		}
		one := watcherKeyword{name: pair[0].name}
		if !isNull(pair[0].value) {
			one.singular = pair[0].value.Value
		}
		m.keywords = append(m.keywords, one)
	}
	return nil
}

// pythonGroup matches references to groups in the replacements of Python's re.sub, and dollar
// signs, which mean nothing there.
var pythonGroup = regexp.MustCompile(`\\(\d)|\\g<(\w+)>|\$`)

func (m *watcherMap) readPaths(f *filterFile, n *yaml.Node) error {
	items, err := f.items(n, "regex_path_mapping")
	if err != nil {
		return err
	}
	for _, item := range items {
		pair, err := f.pairs(item, "an element of regex_path_mapping")
		if err != nil {
			return err
		}
		if len(pair) != 1 || pair[0].value.Kind != yaml.ScalarNode {
			return f.fail(item, "an element of regex_path_mapping is no REGEX: TARGET TYPE")
		}
		matches, err := regexp.Compile(pair[0].name)
		if err != nil {
			return f.fail(item, "regex_path_mapping: %v", err)
		}
		by := pythonGroup.ReplaceAllStringFunc(pair[0].value.Value, func(ref string) string {
			g := pythonGroup.FindStringSubmatch(ref)
			if ref == "$" {
				return "$$"
			}
			return "${" + g[1] + g[2] + "}"
		})
		m.paths = append(m.paths, watcherPath{matches, by})
	}
	return nil
}

// target returns the target type of a path, or "" if it has none.
func (m *watcherMap) target(path string) string {
	path = strings.Trim(path, "/")
	kind := ""
	switch {
	case path == "":
		kind = "root"
	case endsInVersion.MatchString(path):
		kind = "versions"
	default:
		for _, p := range m.paths {
			if changed := p.matches.ReplaceAllString(path, p.by); changed != path {
				kind = changed
				break
			}
		}
		if kind == "" || kind == cadf.Unknown {
			kind = m.parts(strings.Split(path, "/"))
		}
	}
	if kind == "" || kind == cadf.Unknown {
		return ""
	}
	prefix := strings.TrimLeft(m.prefix, "/")
	if !strings.HasSuffix(prefix, "/") && !strings.HasPrefix(kind, "/") {
		prefix += "/"
	}
	return prefix + kind
}

// parts drops versions and ids of projects from a path, and replaces ids and names of resources
// by the singulars of the keywords before them.
func (m *watcherMap) parts(path []string) string {
	var kind []string
	for i, part := range path {
		if i > 0 {
			if name := m.resource(path[i-1], part); name != "" {
				kind = append(kind, name)
				continue
			}
		}
		switch {
		case watcherVersion.MatchString(part), watcherID.MatchString(part):
		case watcherDate.MatchString(part), strings.EqualFold(part, "latest"):
			kind = append(kind, "version")
		case len(part) > 1:
			kind = append(kind, part)
		}
	}
	return strings.TrimLeft(strings.Join(kind, "/"), "/")
}

// resource returns the word for a part of a path that names a resource, or "".
func (m *watcherMap) resource(previous, part string) string {
	if watcherVersion.MatchString(previous) {
		return ""
	}
	if !watcherID.MatchString(part) &&
		(m.keyword(previous) == nil || m.keyword(part) != nil || slices.Contains(m.exclusions, part)) {
		return ""
	}
	for _, k := range m.keywords {
		if k.name == previous && k.singular != "" {
			return k.singular
		}
	}
	if strings.HasSuffix(previous, "ies") {
		return strings.TrimRight(previous, "ies") + "y" // a set of letters, as in Python
	}
	return strings.TrimRight(previous, "s")
}

func (m *watcherMap) keyword(name string) *watcherKeyword {
	for i := range m.keywords {
		if m.keywords[i].name == name {
			return &m.keywords[i]
		}
	}
	return nil
}

// action returns the action of a request for a target type; named is the action that its body
// names ("update/reboot"), or "".
func (m *watcherMap) action(method, target, named string) string {
	if custom := m.customAction(method, target, named); custom != "" {
		return custom
	}
	if named != "" {
		return named
	}
	target = strings.TrimRight(target, "/")
	if target == "" {
		return cadf.Unknown
	}
	if method == http.MethodPost {
		for _, login := range []string{"auth/tokens", "s3tokens", "ec2tokens"} {
			if strings.Contains(target, login) {
				return "authenticate"
			}
		}
	}
	if method == http.MethodGet {
		if strings.HasSuffix(target, "/detail") {
			return "read/list"
		}
		for _, k := range m.keywords {
			if strings.HasSuffix(target, "/"+k.name) {
				return "read/list"
			}
		}
	}
	switch method {
	case http.MethodGet, http.MethodHead:
		return "read"
	case http.MethodPut, http.MethodPatch:
		return "update"
	case http.MethodPost:
		return "create"
	case http.MethodDelete:
		return "delete"
	case "COPY":
		return "create/copy"
	}
	return cadf.Unknown
}

// customAction looks in custom_actions for the parts of a target type, one below the other, and
// returns "" if there is no action.
func (m *watcherMap) customAction(method, target, named string) string {
	if m.custom == nil || target == "" {
		return ""
	}
	rest := strings.TrimLeft(strings.TrimPrefix(target, m.prefix), "/")
	parts := strings.Split(rest, "/")
	if named != "" && !slices.Contains(parts, named) {
		parts = append(parts, strings.TrimLeft(strings.TrimPrefix(named, "update/"), "/"))
	}
	at := m.custom
	for _, part := range parts {
		switch at.Kind {
		case yaml.MappingNode:
			if below := member(at, part); below != nil {
				at = below
			}
		case yaml.SequenceNode:
			var below *yaml.Node
			for _, item := range at.Content {
				if item = resolved(item); item.Kind != yaml.MappingNode {
					return ""
				}
				if below = member(item, part); below != nil {
					break
				}
			}
			if below == nil {
				return ""
			}
			at = below
		}
		if part != parts[len(parts)-1] {
			continue
		}
		switch at.Kind {
		case yaml.ScalarNode:
			return at.Value
		case yaml.SequenceNode:
			return actionOf(at, method)
		}
	}
	return ""
}

func actionOf(list *yaml.Node, method string) string {
	for _, item := range list.Content {
		if item = resolved(item); item.Kind != yaml.MappingNode {
			return ""
		}
		when, action := member(item, "method"), member(item, "action_type")
		if when != nil && action != nil && strings.EqualFold(when.Value, method) {
			return action.Value
		}
	}
	return ""
}

// member returns a member of a mapping that is neither null nor empty, or nil.
func member(n *yaml.Node, name string) *yaml.Node {
	for i := 0; i+1 < len(n.Content); i += 2 {
		v := resolved(n.Content[i+1])
		if n.Content[i].Value == name && !isNull(v) && (v.Kind == yaml.ScalarNode && v.Value != "" || len(v.Content) > 0) {
			return v
		}
	}
	return nil
}
