package schema

import (
	"fmt"
	"math"
)

// Nearest converts a decoded value as Python's int does; a number outside of int64 becomes the
// nearest int64, which has the same effect in Nova. It returns an error if the value is not an
// integer.
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
