package config

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// pyStr is Python's str() of an option's value, which replaces a $reference to the option. None
// becomes the empty string.
func pyStr(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case bool:
		if v {
			return "True"
		}
		return "False"
	case int:
		return strconv.Itoa(v)
	case float64:
		return pyFloat(v)
	case []string:
		return pyList(v, pyRepr)
	case []int:
		return pyList(v, strconv.Itoa)
	case map[string]string:
		return pyDict(v)
	case []map[string]string:
		return pyList(v, pyDict)
	}
	return fmt.Sprint(v)
}

func pyList[T any](v []T, item func(T) string) string {
	parts := make([]string, len(v))
	for i, x := range v {
		parts[i] = item(x)
	}
	return "[" + strings.Join(parts, ", ") + "]"
}

func pyDict(m map[string]string) string {
	parts := make([]string, 0, len(m))
	for _, k := range slices.Sorted(maps.Keys(m)) {
		parts = append(parts, pyRepr(k)+": "+pyRepr(m[k]))
	}
	return "{" + strings.Join(parts, ", ") + "}"
}

func pyRepr(s string) string {
	quote := "'"
	if strings.Contains(s, "'") && !strings.Contains(s, `"`) {
		quote = `"`
	}
	return quote + strings.NewReplacer(`\`, `\\`, quote, `\`+quote, "\n", `\n`, "\t", `\t`).Replace(s) + quote
}

// pyFloat is Python's repr of a float: the shortest digits, ".0" for an integral number, and an
// exponent below 1e-4 and from 1e16.
func pyFloat(f float64) string {
	s := strconv.FormatFloat(f, 'e', -1, 64)
	if _, exp, ok := strings.Cut(s, "e"); ok {
		if n, _ := strconv.Atoi(exp); n >= -4 && n < 16 {
			s = strconv.FormatFloat(f, 'f', -1, 64)
		}
	}
	switch {
	case s == "+Inf":
		return "inf"
	case s == "-Inf":
		return "-inf"
	case s == "NaN":
		return "nan"
	case strings.ContainsAny(s, ".e"):
		return s
	}
	return s + ".0"
}
