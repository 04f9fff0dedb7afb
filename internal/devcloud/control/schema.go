package control

import (
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"
)

// Schema returns the JSON Schema of a Go type. The names of members are those of the tag json, their
// descriptions those of the tag doc. The tag schema has "required" for members that must be
// there, and "positive" for numbers that cannot be negative.
func Schema(of reflect.Type) map[string]any {
	if of == reflect.TypeFor[time.Time]() {
		return map[string]any{"type": "string", "format": "date-time"}
	}
	switch of.Kind() {
	case reflect.Pointer:
		return Schema(of.Elem())
	case reflect.Bool:
		return map[string]any{"type": "boolean"}
	case reflect.Int, reflect.Int64:
		return map[string]any{"type": "integer"}
	case reflect.String:
		return map[string]any{"type": "string"}
	case reflect.Slice:
		return map[string]any{"type": "array", "items": Schema(of.Elem())}
	case reflect.Map:
		return map[string]any{"type": "object", "additionalProperties": Schema(of.Elem())}
	case reflect.Struct:
		return schemaOfStruct(of)
	}
	return map[string]any{} // any value
}

func schemaOfStruct(of reflect.Type) map[string]any {
	members, required := map[string]any{}, []string{}
	for f := range of.Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		one := Schema(f.Type)
		if text := f.Tag.Get("doc"); text != "" {
			one["description"] = text
		}
		rules := f.Tag.Get("schema")
		if strings.Contains(rules, "positive") {
			one["minimum"] = 0
		}
		if strings.Contains(rules, "required") {
			required = append(required, name)
		}
		members[name] = one
	}
	s := map[string]any{"type": "object", "properties": members, "additionalProperties": false}
	if len(required) > 0 {
		s["required"] = required
	}
	return s
}

// Schemas returns one JSON Schema with the given ones as definitions, of which a document has to
// satisfy one.
func Schemas(definitions map[string]any) map[string]any {
	list := []any{}
	for _, name := range slices.Sorted(maps.Keys(definitions)) {
		list = append(list, map[string]any{"$ref": "#/$defs/" + name})
	}
	return map[string]any{"$schema": "https://json-schema.org/draft/2020-12/schema", "$defs": definitions, "anyOf": list}
}

// Names returns the names of the members of a struct in JSON, in their order.
func Names(of reflect.Type) []string {
	var list []string
	for f := range of.Fields() {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		list = append(list, name)
	}
	return list
}
