package pytext

import (
	"errors"
	"fmt"
	"math"
	"math/big"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"unicode"
)

// MaxDigits is the number of digits from which on Python rejects the text of an integer.
const MaxDigits = 4300

// Int reads an integer of any size as int does. Its error has the text of Python's ValueError.
func Int(s string) (*big.Int, error) {
	digits, ok := number(s)
	body := strings.TrimLeft(digits, "+-")
	if !ok || body == "" || strings.Trim(body, "0123456789") != "" {
		return nil, fmt.Errorf("invalid literal for int() with base 10: %s", firstRunes(Repr(s), 200))
	}
	if len(body) > MaxDigits {
		return nil, tooLongError(len(body))
	}
	n, ok := new(big.Int).SetString(strings.TrimPrefix(digits, "+"), 10)
	if !ok {
		return nil, errors.New("not an integer")
	}
	return n, nil
}

// tooLongError is the error for an integer with the given number of digits.
type tooLongError int

func (e tooLongError) Error() string {
	return fmt.Sprintf("Exceeds the limit (%d digits) for integer string conversion: value has %d digits; "+
		"use sys.set_int_max_str_digits() to increase the limit", MaxDigits, int(e))
}

// firstRunes returns the first characters of a text.
func firstRunes(s string, count int) string {
	for i := range s {
		if count == 0 {
			return s[:i]
		}
		count--
	}
	return s
}

// Int64 is [Int] for values that are only compared with others: an integer outside of int64
// becomes the nearest int64.
func Int64(s string) (int64, error) {
	n, err := Int(s)
	switch {
	case err != nil:
		return 0, err
	case n.IsInt64():
		return n.Int64(), nil
	case n.Sign() < 0:
		return math.MinInt64, nil
	}
	return math.MaxInt64, nil
}

// IsIntLike is is_int_like of oslo.utils: an integer in the form that str gives it.
func IsIntLike(s string) bool {
	n, err := Int(s)
	return err == nil && n.String() == s
}

// Float reads a number as float does. ok is false if Python raises an exception.
func Float(s string) (f float64, ok bool) {
	digits, ok := number(s)
	body := strings.TrimLeft(digits, "+-")
	if !ok || body == "" {
		return 0, false
	}
	switch strings.ToLower(body) {
	case "inf", "infinity", "nan":
		f, err := strconv.ParseFloat(digits, 64)
		if err != nil { // Go does not parse a NaN with a sign
			f = math.NaN()
		}
		return f, true
	}
	if strings.Trim(body, "0123456789.eE+-") != "" {
		return 0, false
	}
	f, err := strconv.ParseFloat(digits, 64)
	return f, err == nil || math.IsInf(f, 0) // a number out of range becomes ±Inf
}

// number prepares the text of a number for functions of Go: surrounding blanks, single
// underscores between digits, and digits of any script are allowed. ok is false if underscores
// or signs make it no number.
func number(s string) (digits string, ok bool) {
	digits, ok = dropUnderscores(asciiDigits(strings.TrimFunc(s, unicode.IsSpace)))
	return digits, ok && len(digits)-len(strings.TrimLeft(digits, "+-")) <= 1
}

// asciiDigits replaces decimal digits of other scripts. Unicode orders the ten digits of each
// script consecutively.
func asciiDigits(s string) string {
	return strings.Map(func(r rune) rune {
		if r < 0x80 || !unicode.Is(unicode.Nd, r) {
			return r
		}
		for _, t := range unicode.Nd.R16 {
			if lo, hi := rune(t.Lo), rune(t.Hi); r >= lo && r <= hi {
				return '0' + (r-lo)%10
			}
		}
		for _, t := range unicode.Nd.R32 {
			if lo, hi := rune(t.Lo), rune(t.Hi); r >= lo && r <= hi {
				return '0' + (r-lo)%10
			}
		}
		return r
	}, s)
}

// dropUnderscores removes underscores, which are allowed only between digits.
func dropUnderscores(s string) (string, bool) {
	if !strings.Contains(s, "_") {
		return s, true
	}
	digit := func(i int) bool { return i >= 0 && i < len(s) && s[i] >= '0' && s[i] <= '9' }
	for i := range len(s) {
		if s[i] == '_' && (!digit(i-1) || !digit(i+1)) {
			return "", false
		}
	}
	return strings.ReplaceAll(s, "_", ""), true
}

var sizePattern = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^([-+]?\p{Nd}*\.?\p{Nd}+)(?:([KMGTPEZYRQ])i?)?(b|bit|B)\n?$`)
})

// Bytes reads a size such as "2MB" or "16Kib" as string_to_bytes of oslo.utils does: prefixes
// are powers of 1024, and the result, in bytes, is rounded up. ok is false for other text.
func Bytes(s string) (size float64, ok bool) {
	m := sizePattern().FindStringSubmatch(s)
	if m == nil {
		return 0, false
	}
	size, ok = Float(m[1])
	if m[3] != "B" {
		size /= 8
	}
	if m[2] != "" {
		size *= math.Pow(1024, float64(strings.Index("KMGTPEZYRQ", m[2])+1))
	}
	return math.Ceil(size), ok
}
