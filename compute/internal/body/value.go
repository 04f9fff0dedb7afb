package body

import (
	"encoding/json"
	"math/big"

	"github.com/nova-go/nova/compute/internal/schema"
)

// IsNumber tells whether the value is a number, rather than text.
func (v Value) IsNumber() bool {
	_, number := v.doc.(json.Number)
	return number
}

// IsText tells whether the value is a string.
func (v Value) IsText() bool {
	_, text := v.doc.(string)
	return text
}

// Float is what Python's float makes of the value; false where it makes nothing of it.
func (v Value) Float() (float64, bool) { return schema.Float(v.doc) }

// Whole is the integer that Nova's validate_integer reads in the value as Python's str
// shows it: 1 and "1\n" are integers, 1.0 is none.
func (v Value) Whole() (*big.Int, bool) { return schema.ParseInteger(v.Text()) }

// Big is the integer of any size that Python's int makes of the value; where it makes
// none, exception names what it raises. See [schema.BigInteger].
func (v Value) Big() (n *big.Int, exception string) { return schema.BigInteger(v.doc) }

// AppendJSON writes a scalar as it came, numbers as Python's json.dumps writes them.
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
	text, _ := json.Marshal(v.doc) // what schema.Decode makes, but for such numbers, is JSON
	return append(b, text...)
}
