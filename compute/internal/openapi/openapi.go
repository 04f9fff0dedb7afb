// Package openapi describes the rows as an OpenAPI 3.1 document, for generators of clients.
//
// Requests have the schemas that the dispatcher checks, answers those of data/responses.txt. Both
// are changed as shape.go describes, because generators do not understand all of Nova's
// schemas.
package openapi

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/nova-go/nova/compute/internal/api"
	"github.com/nova-go/nova/compute/internal/mv"
	"github.com/nova-go/nova/compute/internal/schema"
)

// object is a JSON object of the document.
type object = map[string]any

// Document returns the JSON of the operations of a microversion. With mv.Legacy it describes all
// operations, each at the last microversion that serves it.
func Document(rows []api.Route, v mv.Version) ([]byte, error) {
	d := document{schemas: object{"Fault": faultSchema}, parameters: object{}, paths: object{}, operations: map[string]bool{}}
	version := cmp.Or(v, mv.Max)
	for _, path := range grouped(rows) {
		if err := d.addPath(path, v); err != nil {
			return nil, err
		}
	}
	return json.MarshalIndent(object{
		"openapi": "3.1.0",
		"info": object{
			"title":   "OpenStack Compute API",
			"version": version.String(),
			"description": "The operations of Nova's compute API. An operation is called with the microversion that its header parameter " +
				"names. The object x-openstack has the microversions, the policy rule and the name of an operation.",
		},
		"servers": []any{object{"url": "{endpoint}/v2.1",
			"variables": object{"endpoint": object{"default": "http://127.0.0.1:8774", "description": "scheme and address of the service"}}}},
		"security": []any{object{"token": []any{}}},
		"paths":    d.paths,
		"components": object{
			"schemas":    d.schemas,
			"parameters": d.parameters,
			"responses":  object{"Fault": faultResponse},
			"securitySchemes": object{
				"token": object{"type": "apiKey", "in": "header", "name": "X-Auth-Token", "description": "a token of Keystone"}},
		},
	}, "", " ")
}

// faultResponse is the answer of an error. The key of its object is the class of the error.
var faultResponse = object{
	"description": "an error",
	"content":     object{"application/json": object{"schema": object{"$ref": "#/components/schemas/Fault"}}},
}

var faultSchema = object{"type": "object", "additionalProperties": object{"type": "object",
	"properties": object{"code": object{"type": "integer"}, "message": object{"type": "string"}}, "required": []any{"code", "message"}}}

// path is a method and a path with its rows.
type path struct {
	method, path string
	rows         []api.Route
}

// grouped returns the rows by method and path, in the order of the rows.
func grouped(rows []api.Route) []*path {
	var list []*path
	by := map[string]*path{}
	for _, r := range rows {
		key := r.Method + " " + r.Path
		if by[key] == nil {
			by[key] = &path{method: r.Method, path: r.Path}
			list = append(list, by[key])
		}
		by[key].rows = append(by[key].rows, r)
	}
	return list
}

// document collects the parts of a document.
type document struct {
	schemas, parameters, paths object
	operations                 map[string]bool // the ids that are taken
}

// described is an operation at a microversion.
type described struct {
	*api.Route
	version     mv.Version
	first, last mv.Version // the microversions that serve it
}

// at returns the operations of the rows at a microversion, for mv.Legacy at the last one of each.
func at(rows []api.Route, v mv.Version) []described {
	var list []described
	by := map[string]int{}
	for n := range rows {
		r := &rows[n]
		first, last := max(r.From, mv.Min), mv.Max
		if r.Until != 0 {
			last = r.Until - 1
		}
		i, known := by[r.Key()]
		if !known {
			i = len(list)
			by[r.Key()] = i
			list = append(list, described{first: first, last: last})
		}
		o := &list[i]
		o.first, o.last = min(o.first, first), max(o.last, last)
		if wanted := cmp.Or(v, o.last); first <= wanted && wanted <= last {
			o.Route, o.version = r, wanted
		}
	}
	return slices.DeleteFunc(list, func(o described) bool { return o.Route == nil })
}

var variable = regexp.MustCompile(`\{(\w+)\}`)

func (d *document) addPath(p *path, v mv.Version) error {
	operations := at(p.rows, v)
	if len(operations) == 0 {
		return nil
	}
	item, _ := d.paths[p.path].(object)
	if item == nil {
		item = object{}
		var parameters []any
		for _, m := range variable.FindAllStringSubmatch(p.path, -1) {
			parameters = append(parameters, object{"name": m[1], "in": "path", "required": true, "schema": object{"type": "string"}})
		}
		if parameters != nil {
			item["parameters"] = parameters
		}
		d.paths[p.path] = item
	}
	var operation object
	var err error
	if operations[0].Action != "" {
		operation, err = d.actions(p, operations)
	} else {
		operation, err = d.operation(p, operations[0])
	}
	item[strings.ToLower(p.method)] = operation
	return err
}

// operation describes an operation that is no action.
func (d *document) operation(p *path, o described) (object, error) {
	module, _, _ := strings.Cut(o.Op, ".")
	result := object{"operationId": d.id(o.Op, p.path), "tags": []any{module}, "x-openstack": o.facts()}
	if o.Gone != 0 {
		result["deprecated"] = true
	}
	if o.Authz.IsPublic() && strings.HasPrefix(o.Op, "versions") {
		result["security"] = []any{}
	}
	parameters := []any{d.microversion(o.version)}
	query, err := queryParameters(o)
	if err != nil {
		return nil, err
	}
	result["parameters"] = append(parameters, query...)
	if o.Method == http.MethodPost || o.Method == http.MethodPut {
		body, err := d.request(o)
		if err != nil {
			return nil, err
		}
		if body != nil {
			result["requestBody"] = body
		}
	}
	responses := faults([]described{o})
	result["responses"] = responses
	answer, err := d.answer(o)
	if err != nil {
		return nil, err
	}
	for _, status := range o.successes() {
		r := object{"description": http.StatusText(status)}
		if answer != nil && status != http.StatusNoContent {
			r["content"] = object{"application/json": object{"schema": answer}}
		}
		responses[strconv.Itoa(status)] = r
	}
	return result, nil
}

// actions describes all actions of a path, whose bodies are the alternatives of one operation.
func (d *document) actions(p *path, operations []described) (object, error) {
	resource := strings.Trim(variable.ReplaceAllString(p.path, ""), "/")
	resource = strings.Trim(strings.ReplaceAll(strings.ReplaceAll(resource, "//", "/"), "/", "_"), "_")
	resource = strings.ReplaceAll(resource, "-", "_")
	id := d.id(resource, p.path)
	tag, _, _ := strings.Cut(strings.Trim(p.path, "/"), "/")
	tag = strings.ReplaceAll(strings.TrimPrefix(tag, "os-"), "-", "_")
	var bodies []any
	answers := map[int][]any{}  // the bodies of a status
	without := map[int]int{}    // the number of actions of a status without a body
	names := map[int][]string{} // the actions of a status
	for _, o := range operations {
		body, err := d.action(o)
		if err != nil {
			return nil, err
		}
		bodies = append(bodies, body)
		answer, err := d.answer(o)
		if err != nil {
			return nil, err
		}
		for _, status := range o.successes() {
			names[status] = append(names[status], o.Action)
			if answer == nil {
				without[status]++
			} else {
				answers[status] = append(answers[status], answer)
			}
		}
	}
	request := d.named(id, "Request", object{"oneOf": bodies})
	responses := faults(operations)
	for status, actions := range names {
		r := object{"description": http.StatusText(status) + ": " + strings.Join(actions, ", ")}
		// Generated clients fail if a body is described and the answer has none.
		if list := answers[status]; len(list) > without[status] {
			schema := object{"anyOf": list}
			if len(list) == 1 {
				schema = list[0].(object)
			}
			r["content"] = object{"application/json": object{"schema": schema}}
		}
		responses[strconv.Itoa(status)] = r
	}
	version := operations[0].version
	for _, o := range operations {
		version = max(version, o.version)
	}
	return object{"operationId": id, "tags": []any{tag},
		"parameters":  []any{d.microversion(version)},
		"requestBody": object{"required": true, "content": object{"application/json": object{"schema": request}}},
		"responses":   responses}, nil
}

// id returns the id of an operation. One that two paths have gets the path as a suffix.
func (d *document) id(name, path string) string {
	id := strings.ReplaceAll(name, ".", "_")
	if d.operations[id] {
		id += strings.TrimRight(strings.NewReplacer("/", "_", "{", "", "}", "", "-", "_").Replace(path), "_")
	}
	d.operations[id] = true
	return id
}

// facts is what OpenAPI has no words for.
func (o described) facts() object {
	facts := object{"operation": o.Op, "min-ver": o.first.String(), "policy": o.Authz.String()}
	if o.last != mv.Max {
		facts["max-ver"] = o.last.String()
	}
	if o.Action != "" {
		facts["action"] = o.Action
	}
	if o.Gone != 0 {
		facts["removed"] = o.Gone
	}
	return facts
}

// otherSuccesses are the statuses of success besides that of the row.
var otherSuccesses = map[string]int{"server_external_events.create": http.StatusMultiStatus, "server_tags.update": http.StatusNoContent}

func (o described) successes() []int {
	if o.Gone != 0 || o.OK == 0 {
		return nil
	}
	if other := otherSuccesses[o.Op]; other != 0 {
		return []int{o.OK, other}
	}
	return []int{o.OK}
}

// faults returns the answers of errors.
func faults(operations []described) object {
	responses := object{}
	add := func(status int) { responses[strconv.Itoa(status)] = object{"$ref": "#/components/responses/Fault"} }
	for _, status := range []int{400, 401, 403, 503} {
		add(status)
	}
	for _, o := range operations {
		for _, status := range o.Errors {
			add(status)
		}
		if o.Gone != 0 {
			add(o.Gone)
		}
	}
	return responses
}

// microversion returns the parameter with which a client asks for a microversion.
func (d *document) microversion(v mv.Version) object {
	name := fmt.Sprintf("Microversion%d", v)
	d.parameters[name] = object{"name": "OpenStack-API-Version", "in": "header", "description": "the microversion; without it 2.1 is meant",
		"schema": object{"type": "string", "default": "compute " + v.String()}}
	return object{"$ref": "#/components/parameters/" + name}
}

// component adds a schema and returns the reference to it. The suffix is not Response, which generators
// add to the ids of operations for types of their own.
func (d *document) component(o described, suffix string, s object) object {
	return d.named(o.Op, suffix, s)
}

func (d *document) named(words, suffix string, s object) object {
	name := ""
	for _, word := range strings.FieldsFunc(words, func(c rune) bool { return c == '.' || c == '_' }) {
		name += strings.ToUpper(word[:1]) + word[1:]
	}
	name += suffix
	d.schemas[name] = s
	return object{"$ref": "#/components/schemas/" + name}
}

// request returns the body of an operation, nil if it has none.
func (d *document) request(o described) (object, error) {
	s, err := bodyOf(o)
	if s == nil || err != nil {
		return nil, err
	}
	return object{"required": true, "content": object{"application/json": object{"schema": d.component(o, "Request", s)}}}, nil
}

func bodyOf(o described) (object, error) {
	_, body := o.Schemas()
	s, err := source(body, o.version)
	if s == nil || err != nil {
		return nil, err
	}
	return shape(s, request), nil
}

// action returns the body of an action: an object whose only key is its name.
func (d *document) action(o described) (object, error) {
	s, err := bodyOf(o)
	if err != nil {
		return nil, err
	}
	value, _ := property(s, o.Action)
	if value == nil {
		value = object{}
	}
	facts := o.facts()
	facts["success"] = o.OK
	body := object{"type": "object", "properties": object{o.Action: value}, "required": []any{o.Action}, "additionalProperties": false,
		"x-openstack": facts}
	if o.Gone != 0 {
		body["deprecated"] = true
	}
	return d.component(o, "Action", body), nil
}

func property(s object, name string) (object, bool) {
	properties, _ := s["properties"].(object)
	value, ok := properties[name].(object)
	return value, ok
}

// answer returns the schema of an answer, nil if it has no body.
func (d *document) answer(o described) (object, error) {
	s, err := answerOf(o.Op, o.version)
	if s == nil || err != nil || o.Gone != 0 {
		return nil, err
	}
	if s["type"] == "null" {
		return nil, nil
	}
	shape(s, answer)
	withoutSingles(s)
	return d.component(o, "Answer", s), nil
}

// source returns the schema that applies at a microversion.
func source(since api.Since, v mv.Version) (object, error) {
	name, from := "", mv.Version(0)
	for first, n := range since {
		if first <= v && first >= from {
			name, from = n, first
		}
	}
	s, ok := schema.Lookup(name)
	if !ok {
		return nil, nil
	}
	return decoded(s.Source())
}

// decoded converts a value to its generic form.
func decoded(v any) (o object, err error) {
	text, err := json.Marshal(v)
	if err == nil {
		err = json.Unmarshal(text, &o)
	}
	return o, err
}

// queryParameters returns the parameters of the query.
func queryParameters(o described) ([]any, error) {
	query, _ := o.Schemas()
	s, err := source(query, o.version)
	if s == nil || err != nil {
		return nil, err
	}
	properties, _ := s["properties"].(object)
	var list []any
	names := make([]string, 0, len(properties))
	for name := range properties {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		p, _ := properties[name].(object)
		value := shape(p, request)
		// Nova's schemas are about the list of values of a parameter.
		if items, isList := value["items"].(object); isList && value["maxItems"] == float64(1) {
			value = items
		}
		list = append(list, object{"name": name, "in": "query", "schema": value})
	}
	return list, nil
}
