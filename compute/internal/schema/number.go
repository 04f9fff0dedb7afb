package schema

import (
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"

	"github.com/nova-go/nova/internal/pytext"
)

// number is a Python int or float. i holds an int of 64 bits, big a larger one.
type number struct {
	float bool
	f     float64
	i     int64
	big   *big.Int
}

// numberOf converts a number of a decoded document as Python's json does: a dot or an exponent
// makes it a float.
func numberOf(n json.Number) number {
	s := string(n)
	switch s {
	case "NaN":
		return number{float: true, f: math.NaN()}
	case "Infinity":
		return number{float: true, f: math.Inf(1)}
	case "-Infinity":
		return number{float: true, f: math.Inf(-1)}
	}
	if strings.ContainsAny(s, ".eE") {
		f, _ := strconv.ParseFloat(s, 64) // a number out of range becomes ±Inf, as in Python
		return number{float: true, f: f}
	}
	return intOf(s)
}

func intOf(s string) number {
	if i, err := strconv.ParseInt(s, 10, 64); err == nil {
		return number{i: i}
	}
	b, ok := new(big.Int).SetString(s, 10)
	if !ok {
		return number{float: true, f: math.NaN()}
	}
	return number{big: b}
}

func (n number) repr() string {
	switch {
	case n.float:
		return floatRepr(n.f)
	case n.big != nil:
		return n.big.String()
	}
	return strconv.FormatInt(n.i, 10)
}

// isInteger is the "integer" of JSON schema, which includes floats without a fraction.
func (n number) isInteger() bool {
	return !n.float || n.f == math.Trunc(n.f) && !math.IsInf(n.f, 0)
}

func (n number) bigFloat() *big.Float {
	switch {
	case n.float:
		return big.NewFloat(n.f)
	case n.big != nil:
		return new(big.Float).SetInt(n.big)
	}
	return new(big.Float).SetInt64(n.i)
}

// cmp compares two numbers exactly. ok is false if one is NaN, for which all comparisons are
// false in Python.
func (n number) cmp(o number) (c int, ok bool) {
	if !n.float && !o.float && n.big == nil && o.big == nil {
		switch {
		case n.i < o.i:
			return -1, true
		case n.i > o.i:
			return 1, true
		}
		return 0, true
	}
	if n.float && math.IsNaN(n.f) || o.float && math.IsNaN(o.f) {
		return 0, false
	}
	return n.bigFloat().Cmp(o.bigFloat()), true
}

// canon returns the same text for all numbers that are equal in Python.
func (n number) canon() string {
	if n.float {
		if !n.isInteger() {
			return floatRepr(n.f)
		}
		b, _ := big.NewFloat(n.f).Int(nil)
		return b.String()
	}
	return n.repr()
}

// looseNumber returns the number that Nova compares with minimum and maximum: from a bool, a
// number (truncated to an integer) or a string (parsed by int(), then by float()). Other values
// are not compared.
func looseNumber(v any) (number, bool) {
	switch v := v.(type) {
	case bool:
		if v {
			return number{i: 1}, true
		}
		return number{}, true
	case json.Number:
		n := numberOf(v)
		if !n.float || math.IsNaN(n.f) || math.IsInf(n.f, 0) {
			return n, true
		}
		b, _ := big.NewFloat(n.f).Int(nil)
		if b.IsInt64() {
			return number{i: b.Int64()}, true
		}
		return number{big: b}, true
	case string:
		return numberOfText(v)
	}
	return number{}, false
}

// numberOfText converts a text as Python's int does, and if that fails as float does.
func numberOfText(s string) (number, bool) {
	if i, err := pytext.Int(s); err == nil {
		if i.IsInt64() {
			return number{i: i.Int64()}, true
		}
		return number{big: i}, true
	}
	f, ok := pytext.Float(s)
	return number{float: true, f: f}, ok
}

// Integer is [BigInteger] for 64 bits. It returns an error if the value is not an integer or
// does not fit.
func Integer(v any) (int64, error) {
	n, exception := BigInteger(v)
	switch {
	case exception != "":
		return 0, fmt.Errorf("%s is not an integer: %s", Repr(v), exception)
	case !n.IsInt64():
		return 0, fmt.Errorf("%s does not fit into 64 bits", Repr(v))
	}
	return n.Int64(), nil
}

// BigInteger converts a decoded value as Python's int does: a number is truncated, a boolean is
// 0 or 1, a text is parsed. If Python raises an exception, exception is its name: ValueError,
// OverflowError or TypeError.
func BigInteger(v any) (n *big.Int, exception string) {
	if text, ok := v.(string); ok {
		n, err := pytext.Int(text)
		if err != nil {
			return nil, "ValueError"
		}
		return n, ""
	}
	loose, ok := looseNumber(v)
	switch {
	case !ok:
		return nil, "TypeError"
	case loose.float && math.IsNaN(loose.f):
		return nil, "ValueError"
	case loose.float:
		return nil, "OverflowError"
	}
	return loose.whole(), ""
}

// whole returns the value of a number that is not a float.
func (n number) whole() *big.Int {
	if n.big != nil {
		return n.big
	}
	return big.NewInt(n.i)
}

// Float converts a decoded value as Python's float does: a number, a boolean or a text.
func Float(v any) (float64, bool) {
	switch v := v.(type) {
	case bool:
		if v {
			return 1, true
		}
		return 0, true
	case json.Number:
		n := numberOf(v)
		f := n.float64()
		return f, n.float || !math.IsInf(f, 0) // float raises OverflowError for a large integer
	case string:
		return pytext.Float(v)
	}
	return 0, false
}

func (n number) float64() float64 {
	if n.float {
		return n.f
	}
	f, _ := n.bigFloat().Float64()
	return f
}

// Truthy converts a decoded value as Python's bool does.
func Truthy(v any) bool {
	switch v := v.(type) {
	case bool:
		return v
	case string:
		return v != ""
	case json.Number:
		n := numberOf(v)
		return n.float && n.f != 0 || !n.float && (n.i != 0 || n.big != nil)
	case []any:
		return len(v) > 0
	case *Object:
		return v.Len() > 0
	}
	return false
}
