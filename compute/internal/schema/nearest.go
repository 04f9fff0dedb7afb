package schema

import (
	"fmt"
	"math"
)

// Nearest is the integer that Python's int makes of a decoded value, or the nearest to it
// of 64 bits: numbers that large mean the same to Nova. What is no integer is an error.
func Nearest(v any) (int64, error) {
	n, ok := looseNumber(v)
	switch {
	case !ok || n.float:
		return 0, fmt.Errorf("%s is not an integer", Repr(v))
	case n.big == nil:
		return n.i, nil
	case n.big.Sign() < 0:
		return math.MinInt64, nil
	}
	return math.MaxInt64, nil
}
