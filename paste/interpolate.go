package paste

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// maxInterpolationDepth is ConfigParser's limit on nested %(name)s references.
const maxInterpolationDepth = 10

var referencePattern = regexp.MustCompile(`^%\(([^)]+)\)s`)

// configFile is one paste file with its defaults: [DEFAULT], "here", "__file__" and the globals
// of its caller.
type configFile struct {
	path     string // as opened; the base of relative config: URIs
	abs      string
	doc      *document
	defaults *options
}

// openConfig reads the file at path. As in PasteDeploy's config: URIs, globals that [DEFAULT]
// does not contain become defaults of the file.
func openConfig(path string, globals Conf) (*configFile, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, &Error{File: path, Err: err}
	}
	text, err := os.ReadFile(path)
	if err != nil {
		if pathError, ok := errors.AsType[*fs.PathError](err); ok {
			err = pathError.Err // the Error has the path
		}
		return nil, &Error{File: abs, Err: err}
	}
	doc, err := parse(abs, string(text))
	if err != nil {
		return nil, err
	}
	defaults := newOptions()
	defaults.set("here", filepath.Dir(abs))
	defaults.set("__file__", abs)
	for _, k := range doc.options[defaultSection].keys {
		defaults.set(k, doc.options[defaultSection].raw[k])
	}
	for _, k := range sortedKeys(globals) {
		if _, ok := defaults.raw[k]; !ok {
			defaults.set(k, globals[k])
		}
	}
	return &configFile{path: path, abs: abs, doc: doc, defaults: defaults}, nil
}

// optionNames lists the options of a section: its own, then the defaults that it does not
// override.
func (c *configFile) optionNames(section string) []string {
	own := c.doc.options[section]
	names := append([]string(nil), own.keys...)
	for _, k := range c.defaults.keys {
		if _, ok := own.raw[k]; !ok {
			names = append(names, k)
		}
	}
	return names
}

// globalConf returns the interpolated defaults.
func (c *configFile) globalConf() (Conf, error) {
	conf := Conf{}
	for _, k := range c.defaults.keys {
		v, err := c.get(defaultSection, k)
		if err != nil {
			return nil, err
		}
		conf[k] = v
	}
	return conf, nil
}

// get returns the interpolated value of an option.
func (c *configFile) get(section, option string) (string, error) {
	raw, _ := c.lookup(section, option)
	if !strings.Contains(raw, "%") {
		return raw, nil
	}
	var b strings.Builder
	if err := c.interpolate(&b, section, raw, 1); err != nil {
		return "", &Error{File: c.abs, Line: c.doc.lines[section], Section: section, Option: option, Err: err}
	}
	return b.String(), nil
}

func (c *configFile) lookup(section, option string) (string, bool) {
	if section != defaultSection {
		if v, ok := c.doc.options[section].raw[option]; ok {
			return v, true
		}
	}
	v, ok := c.defaults.raw[option]
	return v, ok
}

// maxInterpolated bounds the length of a value in bytes, because nested references can multiply
// it.
const maxInterpolated = 1 << 20

func (c *configFile) interpolate(b *strings.Builder, section, rest string, depth int) error {
	if depth > maxInterpolationDepth {
		return fmt.Errorf("%%(...)s references are nested more than %d deep", maxInterpolationDepth)
	}
	for rest != "" {
		at := strings.IndexByte(rest, '%')
		if at < 0 {
			b.WriteString(rest)
			return nil
		}
		b.WriteString(rest[:at])
		rest = rest[at:]
		switch {
		case strings.HasPrefix(rest, "%%"):
			b.WriteByte('%')
			rest = rest[2:]
		case strings.HasPrefix(rest, "%("):
			m := referencePattern.FindStringSubmatch(rest)
			if m == nil {
				return fmt.Errorf("bad %%(...)s reference %q", rest)
			}
			rest = rest[len(m[0]):]
			v, ok := c.lookup(section, m[1])
			if !ok {
				return fmt.Errorf("%%(%s)s refers to an option that does not exist", m[1])
			}
			if !strings.Contains(v, "%") {
				b.WriteString(v)
			} else if err := c.interpolate(b, section, v, depth+1); err != nil {
				return err
			}
			if b.Len() > maxInterpolated {
				return fmt.Errorf("the value is longer than %d bytes", maxInterpolated)
			}
		default:
			return fmt.Errorf("'%%' must be followed by '%%' or '(', found %q", rest)
		}
	}
	return nil
}
