// Package pytables has tables of what functions of Python return, for tests of their counterparts in this project.
// tables.py writes the tables.
package pytables

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"unicode/utf16"
)

// least is the number of rows that each table has at least.
const least = 300

// Each calls check for each row of a table. in is the input: for most tables a text, which may contain lone surrogates,
// encoded in three bytes as in UTF-8; otherwise a value of encoding/json. want is the result, with numbers as json.Number;
// nil is an exception of Python. The environment variable PYTHON_TABLES names a directory with other tables.
func Each[T any](t *testing.T, name string, check func(t *testing.T, in T, want any)) {
	t.Helper()
	directory := os.Getenv("PYTHON_TABLES")
	if directory == "" {
		_, source, _, _ := runtime.Caller(0)
		directory = filepath.Join(filepath.Dir(source), "tables")
	}
	data, err := os.ReadFile(filepath.Join(directory, name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	var rows [][2]json.RawMessage
	if err := json.Unmarshal(data, &rows); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if len(rows) < least {
		t.Errorf("%s has %d rows", name, len(rows))
	}
	for _, row := range rows {
		var in T
		if text, ok := any(&in).(*string); ok {
			*text = unquote(t, string(row[0]))
		} else if err := json.Unmarshal(row[0], &in); err != nil {
			t.Fatalf("%s: %s: %v", name, row[0], err)
		}
		check(t, in, value(t, row[1]))
	}
}

// Compare compares the results of a function with those of a table; nil is an exception of Python.
func Compare(t *testing.T, name string, result func(in string) any) {
	t.Helper()
	Each(t, name, func(t *testing.T, in string, want any) {
		t.Helper()
		if got := result(in); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %.300q gives %v, in Python %v", name, in, got, want)
		}
	})
}

// value reads a result.
func value(t *testing.T, text []byte) any {
	t.Helper()
	into := func(v any) {
		d := json.NewDecoder(strings.NewReader(string(text)))
		d.UseNumber()
		if err := d.Decode(v); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
	}
	switch text[0] {
	case '"':
		return unquote(t, string(text))
	case '[':
		var parts []json.RawMessage
		into(&parts)
		list := make([]any, len(parts))
		for n := range parts {
			list[n] = value(t, parts[n])
		}
		return list
	case '{':
		var parts map[string]json.RawMessage
		into(&parts)
		o := map[string]any{}
		for name := range parts {
			o[name] = value(t, parts[name])
		}
		return o
	}
	var v any
	into(&v)
	return v
}

// unquote reads a string of JSON. encoding/json would replace lone surrogates.
func unquote(t *testing.T, quoted string) string {
	t.Helper()
	inner := quoted[1 : len(quoted)-1]
	var b strings.Builder
	for len(inner) > 0 {
		at := strings.Index(inner, `\`)
		if at < 0 {
			at = len(inner)
		}
		b.WriteString(inner[:at])
		if inner = inner[at:]; inner == "" {
			break
		}
		if inner[1] != 'u' {
			b.WriteByte(map[byte]byte{'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t', '"': '"', '\\': '\\', '/': '/'}[inner[1]])
			inner = inner[2:]
			continue
		}
		first := unit(t, inner)
		inner = inner[6:]
		if utf16.IsSurrogate(first) && strings.HasPrefix(inner, `\u`) {
			if pair := utf16.DecodeRune(first, unit(t, inner)); pair != '\ufffd' {
				b.WriteRune(pair)
				inner = inner[6:]
				continue
			}
		}
		if utf16.IsSurrogate(first) {
			b.Write([]byte{0xe0 | byte(first>>12), 0x80 | byte(first>>6)&0x3f, 0x80 | byte(first)&0x3f})
			continue
		}
		b.WriteRune(first)
	}
	return b.String()
}

func unit(t *testing.T, escape string) rune {
	t.Helper()
	n, err := strconv.ParseUint(escape[2:6], 16, 16)
	if err != nil {
		t.Fatal(err)
	}
	return rune(n)
}
