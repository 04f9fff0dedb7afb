package pytext

import (
	"math/big"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"
)

// iso8601 is the grammar of the library iso8601.
var iso8601 = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^([0-9]{4})((-([0-9]{1,2})|([0-9]{2}))((-([0-9]{1,2})|([0-9]{2}))` +
		`([ T]([0-9]{2})(:?([0-9]{2}))?(:?([0-9]{1,2})([.,]([0-9]+))?)?(Z|[-+]([0-9]{2}):?([0-9]{2})?)?)?)?)?\n?$`)
})

// Time parses a time in UTC as parse_isotime of oslo.utils does: a date or the beginning of one
// ("2016", "2016-01"), with or without a time of day and a zone. The default zone is UTC.
func Time(s string) (time.Time, bool) {
	m := iso8601().FindStringSubmatch(s)
	if m == nil {
		return time.Time{}, false
	}
	if m[5] != "" && m[8] == "" && m[9] == "" { // YYYYMM is ambiguous and an error
		return time.Time{}, false
	}
	at := func(def int, groups ...int) int {
		for _, g := range groups {
			if n, err := strconv.Atoi(m[g]); err == nil {
				return n
			}
		}
		return def
	}
	year, month, day := at(0, 1), at(1, 4, 5), at(1, 8, 9)
	if year < 1 || month < 1 || month > 12 || day < 1 ||
		day > time.Date(year, time.Month(month)+1, 0, 0, 0, 0, 0, time.UTC).Day() {
		return time.Time{}, false
	}
	hour, minute, second := at(0, 11), at(0, 13), at(0, 15)
	zone, micros := at(0, 19)*60+at(0, 20), microseconds(m[17])
	if hour > 23 || minute > 59 || second > 59 || micros == 1e6 || zone >= 24*60 {
		return time.Time{}, false
	}
	if strings.HasPrefix(m[18], "-") {
		zone = -zone
	}
	return time.Date(year, time.Month(month), day, hour, minute-zone, second, micros*1000, time.UTC), true
}

// microseconds reads the digits of a fraction of a second. The library computes with decimals of 28 significant digits,
// which it rounds to the nearest, and to the even one of two; the result can be 1000000.
func microseconds(fraction string) int {
	const precision = 28
	digits := strings.TrimLeft(fraction, "0")
	zeros := len(fraction) - len(digits)
	if len(digits) > precision {
		rest := digits[precision:]
		digits = digits[:precision]
		half := "5" + strings.Repeat("0", len(rest)-1)
		if rest > half || rest == half && (digits[precision-1]-'0')%2 == 1 {
			n, _ := new(big.Int).SetString(digits, 10)
			if digits = n.Add(n, big.NewInt(1)).String(); len(digits) > precision {
				digits, zeros = digits[:precision], zeros-1
			}
		}
	}
	if zeros < 0 {
		return 1e6
	}
	n, _ := strconv.Atoi((strings.Repeat("0", min(zeros, 6)) + digits + "000000")[:6])
	return n
}
