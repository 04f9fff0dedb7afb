package openapi

import (
	"reflect"
	"regexp"
	"slices"
	"strings"
)

// direction tells who writes what a schema describes. A request is described as clients should
// write it: Nova also takes "1" for 1 and "yes" for true. The schema of an answer allows at
// least what Nova's does.
type direction int

const (
	request direction = iota
	answer
)

// shape converts a schema of Nova to one that generators understand. It changes its argument.
//
//   - A value has one type and perhaps null, where the alternatives are not an object, an array or
//     a scalar.
//   - Alternatives of one type become one schema: of objects, that with the properties of all.
//   - Names that a pattern describes become additionalProperties with propertyNames.
//   - Formats other than uuid are left out, for Nova's times have no zone and addresses may be
//     empty; base64 is an encoding.
//   - Patterns that are not expressions of both RE2 and ECMA-262 are left out.
func shape(s object, d direction) object {
	for _, key := range []string{"title", "description", "default", "additionalItems"} {
		delete(s, key)
	}
	if c, ok := s["const"]; ok {
		delete(s, "const")
		s["enum"] = []any{c}
	}
	shapeParts(s, d)
	if list, ok := s["prefixItems"].([]any); ok {
		delete(s, "prefixItems")
		s["items"] = union(list)
	}
	for _, key := range []string{"oneOf", "anyOf", "allOf"} {
		if list, ok := s[key].([]any); ok {
			delete(s, key)
			combine(s, list, key == "allOf")
		}
	}
	if _, ok := s["properties"]; ok && s["type"] == nil && s["oneOf"] == nil {
		s["type"] = "object"
	}
	shapeNames(s)
	shapeType(s, d)
	shapeEnum(s)
	shapeFormat(s)
	return s
}

// shapeParts converts the schemas within a schema.
func shapeParts(s object, d direction) {
	for _, key := range []string{"properties", "patternProperties"} {
		named, _ := s[key].(object)
		for name, part := range named {
			named[name] = shape(part.(object), d)
		}
	}
	for _, key := range []string{"items", "additionalProperties"} {
		if part, ok := s[key].(object); ok {
			s[key] = shape(part, d)
		}
	}
	for _, key := range []string{"oneOf", "anyOf", "allOf", "prefixItems"} {
		list, _ := s[key].([]any)
		for n := range list {
			list[n] = shape(list[n].(object), d)
		}
	}
	if required, ok := s["required"].([]any); ok && len(required) == 0 {
		delete(s, "required")
	}
}

// combine adds alternatives, or with all the parts of allOf, to a schema.
func combine(s object, list []any, all bool) {
	switch s["type"] {
	case nil, "object":
	case "array":
		var items []any
		for _, v := range list {
			if part, ok := v.(object)["items"].(object); ok {
				items = append(items, part)
			}
		}
		s["items"] = union(items)
		return
	default: // alternatives of a scalar are about its format
		return
	}
	typed := slices.ContainsFunc(list, func(v any) bool {
		o := v.(object)
		return o["type"] != nil || o["enum"] != nil || o["properties"] != nil || o["oneOf"] != nil
	})
	if !typed { // alternatives of required properties
		return
	}
	if all {
		for _, part := range list {
			for key, value := range part.(object) {
				s[key] = value
			}
		}
		return
	}
	for key, value := range union(list) {
		s[key] = value
	}
}

// union returns a schema that allows what one of the schemas allows.
func union(list []any) object {
	var groups []object
	null := false
	for _, v := range flat(list) {
		o := v.(object)
		names := typeNames(o)
		if slices.Contains(names, "null") {
			null = true
			names = slices.DeleteFunc(names, func(n string) bool { return n == "null" })
			if len(names) == 0 {
				continue
			}
			o["type"] = names[0]
		}
		i := slices.IndexFunc(groups, func(g object) bool { return slices.Equal(typeNames(g), names) })
		if i < 0 {
			groups = append(groups, o)
			continue
		}
		groups[i] = merged(groups[i], o)
	}
	if len(groups) != 1 {
		alternatives := make([]any, 0, len(groups)+1)
		for _, g := range groups {
			alternatives = append(alternatives, g)
		}
		if null {
			alternatives = append(alternatives, object{"type": "null"})
		}
		return object{"oneOf": alternatives}
	}
	if null {
		groups[0]["type"] = []any{groups[0]["type"], "null"}
	}
	return groups[0]
}

// flat replaces alternatives that are alternatives themselves.
func flat(list []any) []any {
	var all []any
	for _, v := range list {
		if inner, ok := v.(object)["oneOf"].([]any); ok {
			all = append(all, flat(inner)...)
			continue
		}
		all = append(all, v)
	}
	return all
}

// merged returns a schema that allows what one of two schemas of the same type allows.
func merged(a, b object) object {
	if reflect.DeepEqual(a, b) {
		return a
	}
	result := object{}
	if a["type"] != nil {
		result["type"] = a["type"]
	}
	switch a["type"] {
	case "object":
		mergeObjects(result, a, b)
	case "array":
		result["items"] = union([]any{a["items"], b["items"]})
	case "string":
		x, _ := a["enum"].([]any)
		y, _ := b["enum"].([]any)
		if x != nil && y != nil {
			result["enum"] = slices.Concat(x, slices.DeleteFunc(slices.Clone(y), func(v any) bool { return slices.Contains(x, v) }))
		}
	}
	return result
}

func mergeObjects(result, a, b object) {
	properties := object{}
	for _, o := range []object{a, b} {
		named, _ := o["properties"].(object)
		for name, value := range named {
			if other, ok := properties[name].(object); ok && !reflect.DeepEqual(other, value) {
				value = union([]any{other, value})
			}
			properties[name] = value
		}
	}
	result["properties"] = properties
	if a["additionalProperties"] == false && b["additionalProperties"] == false {
		result["additionalProperties"] = false
	}
	first, _ := a["required"].([]any)
	second, _ := b["required"].([]any)
	var both []any
	for _, name := range first {
		if slices.Contains(second, name) {
			both = append(both, name)
		}
	}
	if both != nil {
		result["required"] = both
	}
}

// typeNames returns the types that a schema allows, in the order of the schema.
func typeNames(s object) []string {
	switch t := s["type"].(type) {
	case string:
		return []string{t}
	case []any:
		var names []string
		for _, name := range t {
			names = append(names, name.(string))
		}
		return names
	}
	if values, ok := s["enum"].([]any); ok && len(values) == 1 {
		if _, isText := values[0].(string); isText {
			return []string{"string"}
		}
	}
	return nil
}

// shapeNames replaces patternProperties.
func shapeNames(s object) {
	named, ok := s["patternProperties"].(object)
	if !ok {
		return
	}
	delete(s, "patternProperties")
	if len(named) != 1 {
		delete(s, "additionalProperties")
		return
	}
	properties, _ := s["properties"].(object)
	for pattern, value := range named {
		if pattern == "^_" { // names that queries may contain, and that are ignored
			return
		}
		s["additionalProperties"] = value
		if len(properties) == 0 && portable(pattern) && pattern != "^.*$" && pattern != "^.+$" {
			s["propertyNames"] = object{"pattern": pattern}
		}
	}
}

// digits are the patterns of numbers in strings.
var digits = []any{`^[0-9]*$`, `^[0-9]+$`, `^-?[0-9]+$`, `^[0-9]+(\.[0-9]+)?$`}

// shapeType leaves one type besides null, or alternatives of types.
func shapeType(s object, d direction) {
	names := typeNames(s)
	null := slices.Contains(names, "null")
	names = slices.DeleteFunc(names, func(n string) bool { return n == "null" })
	has := func(name string) bool { return slices.Contains(names, name) }
	if len(names) < 2 {
		if null && len(names) == 1 {
			s["type"] = []any{names[0], "null"}
		} else if len(names) == 1 {
			s["type"] = names[0]
		}
		return
	}
	numeric := has("integer") || has("number")
	switch {
	case d == request && len(names) == 2 && has("string") && (numeric || has("boolean")):
		kind := "string"
		if has("boolean") {
			kind = "boolean"
			delete(s, "enum")
		} else if slices.Contains(digits, s["pattern"]) || s["pattern"] == nil && s["minimum"] != nil {
			kind = names[1-slices.Index(names, "string")]
		}
		setType(s, kind, null)
	case len(names) == 2 && has("string") && has("array") && s["items"] != nil:
		items := s["items"]
		delete(s, "type")
		delete(s, "items")
		s["oneOf"] = []any{object{"type": "string"}, object{"type": "array", "items": items}}
	default: // any value
		clear(s)
	}
}

// setType sets the type and leaves out what is about other types.
func setType(s object, kind string, null bool) {
	s["type"] = kind
	if null {
		s["type"] = []any{kind, "null"}
	}
	if kind != "string" {
		for _, key := range []string{"pattern", "minLength", "maxLength", "format"} {
			delete(s, key)
		}
		return
	}
	delete(s, "minimum")
	delete(s, "maximum")
}

// withoutSingles leaves out lists of one value, such as the rel of a link: generators give all lists
// of values types, whose names are often equal.
func withoutSingles(v any) {
	switch v := v.(type) {
	case object:
		if values, ok := v["enum"].([]any); ok && len(values) == 1 {
			delete(v, "enum")
		}
		for _, part := range v {
			withoutSingles(part)
		}
	case []any:
		for _, part := range v {
			withoutSingles(part)
		}
	}
}

// shapeEnum leaves out lists of values of several types.
func shapeEnum(s object) {
	values, ok := s["enum"].([]any)
	if !ok {
		return
	}
	for _, v := range values {
		if v == nil || v == "" || reflect.TypeOf(v) != reflect.TypeOf(values[0]) {
			delete(s, "enum")
			if _, isText := values[0].(string); isText && s["type"] == nil {
				s["type"] = "string"
			}
			return
		}
	}
	switch values[0].(type) {
	case string: // generators make equal names of enable and ENABLE
		known := map[string]bool{}
		s["enum"] = slices.DeleteFunc(slices.Clone(values), func(v any) bool {
			name := strings.ToLower(v.(string))
			again := known[name]
			known[name] = true
			return again
		})
		if s["type"] == nil {
			s["type"] = "string"
		}
	case float64: // Nova has only lists of whole numbers
		s["type"] = "integer"
	}
}

// shapeFormat leaves out formats and patterns that not everybody reads alike.
func shapeFormat(s object) {
	switch s["format"] {
	case nil, "uuid":
	case "base64":
		delete(s, "format")
		s["contentEncoding"] = "base64"
	default:
		delete(s, "format")
	}
	if s["type"] == "array" && s["items"] == nil {
		s["items"] = object{}
	}
	if s["type"] == "array" { // Nova limits some lists with the word for strings
		delete(s, "maxLength")
	}
	if pattern, ok := s["pattern"].(string); ok && !portable(pattern) {
		delete(s, "pattern")
	}
}

// identityEscape finds escapes that Python allows and ECMA-262 with the flag u does not.
var identityEscape = regexp.MustCompile(`\\[^\-.dswDSW\\/^$*+?()\[\]{}|]`)

// portable reports whether RE2 and ECMA-262 read an expression. Lists of all printable characters
// are left out as well.
func portable(pattern string) bool {
	_, err := regexp.Compile(pattern)
	return err == nil && len(pattern) < 200 && !identityEscape.MatchString(pattern)
}
