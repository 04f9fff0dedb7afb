package body

import (
	"encoding/json"
	"math/big"

	"github.com/nova-go/nova/compute/internal/schema"
	"github.com/nova-go/nova/internal/pytext"
)

// IsNumber reports whether the value is a number.
func (v Value) IsNumber() bool {
	_, number := v.doc.(json.Number)
	return number
}

// IsText reports whether the value is a string.
func (v Value) IsText() bool {
	_, text := v.doc.(string)
	return text
}

// Float converts the value as Python's float does; false if Python raises an exception.
func (v Value) Float() (float64, bool) { return schema.Float(v.doc) }

// Whole returns the integer that Nova's validate_integer reads in Text: 1 and "1
// " are integers, 1.0 is not.
func (v Value) Whole() (*big.Int, bool) {
	n, err := pytext.Int(v.Text())
	return n, err == nil
}

// Big converts the value to an integer of any size as Python's int does. If Python raises an
// exception, exception is its name. See [schema.BigInteger].
func (v Value) Big() (n *big.Int, exception string) { return schema.BigInteger(v.doc) }

// AppendJSON writes a scalar as in the request; numbers are formatted as Python's json.dumps
// does.
func (v Value) AppendJSON(b []byte) []byte {
	if v.IsNumber() {
		switch text := v.Text(); text {
		case "nan":
			return append(b, "NaN"...)
		case "inf":
			return append(b, "Infinity"...)
		case "-inf":
			return append(b, "-Infinity"...)
		default:
			return append(b, text...)
		}
	}
	text, _ := json.Marshal(v.doc) // all other values from schema.Decode can be marshalled
	return append(b, text...)
}
