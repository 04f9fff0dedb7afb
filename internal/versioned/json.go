package versioned

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"time"
)

// MarshalJSON implements json.Marshaler. It writes nested objects directly into one buffer: encoding/json would marshal
// each nested object separately, and check and copy its text again at each level.
func (v *Object) MarshalJSON() ([]byte, error) { return v.append(nil) }

// append appends the JSON of the object to b; null for nil.
func (v *Object) append(b []byte) (_ []byte, err error) {
	if v == nil {
		return append(b, "null"...), nil
	}
	b = appendText(append(b, `{"nova_object.name":`...), v.Name)
	b = append(b, `,"nova_object.namespace":"nova","nova_object.version":`...)
	b = append(appendText(b, v.Version), `,"nova_object.data":{`...)
	for n, field := range slices.Sorted(maps.Keys(v.Data)) {
		if n > 0 {
			b = append(b, ',')
		}
		b = append(appendText(b, field), ':')
		value := v.Data[field]
		switch value.(type) {
		case time.Time, *time.Time:
			value = wireTime(value)
		}
		if b, err = appendValue(b, value); err != nil {
			return nil, err
		}
	}
	b = append(b, '}')
	if changes := v.changed(); len(changes) > 0 {
		b = append(b, `,"nova_object.changes":[`...)
		for n, field := range changes {
			if n > 0 {
				b = append(b, ',')
			}
			b = appendText(b, field)
		}
		b = append(b, ']')
	}
	return append(b, '}'), nil
}

// appendValue appends a value in the form of encoding/json.
func appendValue(b []byte, value any) ([]byte, error) {
	switch v := value.(type) {
	case nil:
		return append(b, "null"...), nil
	case *Object:
		return v.append(b)
	case []*Object:
		return appendValues(b, v)
	case []any:
		return appendValues(b, v)
	case map[string]any:
		return appendMap(b, v)
	case map[string]string:
		return appendMap(b, v)
	case string:
		return appendText(b, v), nil
	case bool:
		return strconv.AppendBool(b, v), nil
	case int:
		return strconv.AppendInt(b, int64(v), 10), nil
	case int64:
		return strconv.AppendInt(b, v, 10), nil
	}
	text, err := json.Marshal(value)
	return append(b, text...), err
}

func appendValues[T any](b []byte, list []T) (_ []byte, err error) {
	if list == nil {
		return append(b, "null"...), nil
	}
	b = append(b, '[')
	for n, value := range list {
		if n > 0 {
			b = append(b, ',')
		}
		if b, err = appendValue(b, value); err != nil {
			return nil, err
		}
	}
	return append(b, ']'), nil
}

func appendMap[T any](b []byte, m map[string]T) (_ []byte, err error) {
	if m == nil {
		return append(b, "null"...), nil
	}
	b = append(b, '{')
	for n, key := range slices.Sorted(maps.Keys(m)) {
		if n > 0 {
			b = append(b, ',')
		}
		b = append(appendText(b, key), ':')
		if b, err = appendValue(b, m[key]); err != nil {
			return nil, err
		}
	}
	return append(b, '}'), nil
}

// appendText appends a string. Strings that need escapes are marshalled by encoding/json.
func appendText(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' {
			text, _ := json.Marshal(s) // marshalling a string does not fail
			return append(b, text...)
		}
	}
	return append(append(append(b, '"'), s...), '"')
}
