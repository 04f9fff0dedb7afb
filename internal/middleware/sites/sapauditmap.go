package sites

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/rs/zerolog"
	"go.yaml.in/yaml/v3"

	"github.com/nova-go/nova/internal/middleware/cadf"
)

// sapAuditMap is the mapping file of SAP's audit middleware: the resources that paths name.
type sapAuditMap struct {
	serviceType, serviceName string
	prefix                   *regexp.Regexp
	resources                map[string]*auditedResource
}

// auditedResource describes a kind of resource.
type auditedResource struct {
	// The name of a list of such resources, and of one, in JSON.
	typeName, elementName string
	// typeURI is the type of all of them, elementURI that of one.
	typeURI, elementURI string
	singleton           bool
	idField, nameField  string
	// actions maps the last part of a path, the key of a body or "POST:*" to actions; nil suppresses events.
	actions    map[string]*string
	attributes []yamlPair // the types of the members of answers that events contain
	children   map[string]*auditedResource
	payloads   auditedPayloads
}

type auditedPayloads struct {
	enabled          bool
	include, exclude []string
}

func readSAPAuditMap(path string, log zerolog.Logger) (*sapAuditMap, error) {
	if path == "" {
		return nil, fmt.Errorf("audit_map_file is required")
	}
	f, err := readFilterFile("audit_map_file", path, log)
	if err != nil {
		return nil, err
	}
	top, err := f.pairs(f.root, "the file")
	if err != nil {
		return nil, err
	}
	f.unread(top, "service_type", "service_name", "prefix", "resources")
	m := &sapAuditMap{}
	var resources *yaml.Node
	for _, p := range top {
		switch p.name {
		case "service_type":
			m.serviceType, err = f.scalar(p.value, p.name)
		case "service_name":
			m.serviceName, err = f.scalar(p.value, p.name)
		case "prefix":
			var text string
			if text, err = f.scalar(p.value, p.name); err == nil {
				if m.prefix, err = regexp.Compile("^(?:" + text + ")"); err != nil {
					err = f.fail(p.value, "prefix: %v", err)
				}
			}
		case "resources":
			resources = p.value
		}
		if err != nil {
			return nil, err
		}
	}
	switch {
	case m.serviceType == "":
		return nil, f.fail(nil, "service_type is missing")
	case m.prefix == nil:
		return nil, f.fail(nil, "prefix is missing")
	case resources == nil:
		return nil, f.fail(nil, "resources is missing")
	}
	if m.serviceName == "" {
		m.serviceName = m.serviceType
	}
	m.resources, err = readAudited(f, resources, m.serviceType)
	return m, err
}

func readAudited(f *filterFile, n *yaml.Node, parent string) (map[string]*auditedResource, error) {
	pairs, err := f.pairs(n, "resources or children")
	if err != nil {
		return nil, err
	}
	all := map[string]*auditedResource{}
	for _, p := range pairs {
		r, name, err := readResource(f, p, parent)
		if err != nil {
			return nil, err
		}
		all[name] = r
	}
	return all, nil
}

// readResource reads a resource below a type, and returns its name in paths, too.
func readResource(f *filterFile, p yamlPair, parent string) (*auditedResource, string, error) {
	fields, err := f.pairs(p.value, p.name)
	if err != nil {
		return nil, "", err
	}
	texts := map[string]string{}
	r := &auditedResource{idField: "id", nameField: "name", payloads: auditedPayloads{enabled: true}}
	known := []string{"api_name", "type_name", "el_type_name", "type_uri", "el_type_uri", "custom_id", "custom_name"}
	f.unread(fields, append(known[:len(known):len(known)], "singleton", "custom_actions", "custom_attributes", "children", "payloads")...)
	var children *yaml.Node
	for _, field := range fields {
		if isNull(field.value) {
			continue
		}
		switch field.name {
		case "singleton":
			if err := field.value.Decode(&r.singleton); err != nil {
				return nil, "", f.fail(field.value, "singleton: %q is no boolean", field.value.Value)
			}
		case "custom_actions":
			err = r.readActions(f, field.value)
		case "custom_attributes":
			if r.attributes, err = f.pairs(field.value, field.name); err == nil {
				err = onlyTexts(f, r.attributes)
			}
		case "children":
			children = field.value
		case "payloads":
			err = r.payloads.read(f, field.value)
		default:
			if slices.Contains(known, field.name) {
				texts[field.name], err = f.scalar(field.value, field.name)
			}
		}
		if err != nil {
			return nil, "", err
		}
	}
	r.name(p.name, parent, texts)
	below := r.elementURI
	if r.singleton {
		below = r.typeURI
	}
	r.children, err = readAudited(f, children, below)
	return r, cmp.Or(texts["api_name"], p.name), err
}

// name sets the names that follow from the resource's own unless texts contains them.
func (r *auditedResource) name(name, parent string, texts map[string]string) {
	inJSON := strings.TrimPrefix(strings.ReplaceAll(cmp.Or(texts["api_name"], name), "-", "_"), "os_")
	r.typeName = cmp.Or(texts["type_name"], inJSON)
	r.typeURI = cmp.Or(texts["type_uri"], parent+"/"+name)
	r.idField, r.nameField = cmp.Or(texts["custom_id"], "id"), cmp.Or(texts["custom_name"], "name")
	if !r.singleton {
		r.elementName = cmp.Or(texts["el_type_name"], shortened(r.typeName))
		r.elementURI = cmp.Or(texts["el_type_uri"], shortened(r.typeURI))
	}
}

// shortened drops the last character, the s of a plural.
func shortened(s string) string {
	r := []rune(s)
	return string(r[:max(len(r)-1, 0)])
}

func onlyTexts(f *filterFile, pairs []yamlPair) error {
	for _, p := range pairs {
		if p.value.Kind != yaml.ScalarNode || p.value.Tag != "!!str" && !isNull(p.value) || p.key.Tag != "!!str" {
			return f.fail(p.key, "%s: %s is no text", p.name, p.value.Value)
		}
	}
	return nil
}

func (r *auditedResource) readActions(f *filterFile, n *yaml.Node) error {
	pairs, err := f.pairs(n, "custom_actions")
	if err != nil {
		return err
	}
	if err := onlyTexts(f, pairs); err != nil {
		return err
	}
	r.actions = map[string]*string{}
	for _, p := range pairs {
		if isNull(p.value) {
			r.actions[p.name] = nil
			continue
		}
		if !cadf.KnownAction(strings.ReplaceAll(p.value.Value, "*", "x")) {
			return f.fail(p.value, "custom_actions: %s: %q begins with no action of CADF", p.name, p.value.Value)
		}
		r.actions[p.name] = &p.value.Value
	}
	return nil
}

func (o *auditedPayloads) read(f *filterFile, n *yaml.Node) error {
	fields, err := f.pairs(n, "payloads")
	if err != nil {
		return err
	}
	f.unread(fields, "enabled", "include", "exclude")
	for _, p := range fields {
		switch p.name {
		case "enabled":
			if err := p.value.Decode(&o.enabled); err != nil {
				return f.fail(p.value, "payloads: enabled: %q is no boolean", p.value.Value)
			}
		case "include":
			o.include, err = f.texts(p.value, p.name)
		case "exclude":
			o.exclude, err = f.texts(p.value, p.name)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// undeclared returns the description of a resource that the file does not have. Its types begin
// with an X.
func undeclared(parent, token string) *auditedResource {
	r := &auditedResource{payloads: auditedPayloads{enabled: true}}
	r.name("X"+strings.TrimPrefix(strings.ReplaceAll(token, "_", "-"), "os-"), parent, map[string]string{"api_name": token})
	return r
}
