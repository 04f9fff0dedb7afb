package pytext_test

import (
	"encoding/hex"
	"encoding/json"
	"math/big"
	"strconv"
	"testing"

	"github.com/nova-go/nova/internal/novatest/pytables"
	"github.com/nova-go/nova/internal/pyjson"
	"github.com/nova-go/nova/internal/pytext"
)

// TestAsPython compares functions with what Python returned for the same text.
func TestAsPython(t *testing.T) {
	t.Parallel()
	for name, result := range map[string]func(in string) any{
		"int":     integer,
		"float":   float,
		"bool":    boolean,
		"base64":  data,
		"time":    microseconds,
		"uuid":    func(in string) any { return pytext.IsUUID(in) },
		"intlike": func(in string) any { return pytext.IsIntLike(in) },
		"bytes":   bytes,
		"unquote": func(in string) any { return pytext.Unquote(in) },
	} {
		t.Run(name, func(t *testing.T) { t.Parallel(); pytables.Compare(t, name, result) })
	}
}

func integer(in string) any {
	n, err := pytext.Int(in)
	if err != nil {
		return map[string]any{"error": err.Error()}
	}
	return n.String()
}

func float(in string) any {
	if f, ok := pytext.Float(in); ok {
		return string(pyjson.Append(nil, f))
	}
	return nil
}

func boolean(in string) any {
	if b, ok := pytext.Bool(in); ok {
		return b
	}
	return nil
}

func data(in string) any {
	data, err := pytext.DecodeBase64(in)
	if (err == nil) != pytext.IsBase64(in) {
		return "IsBase64 and DecodeBase64 differ"
	}
	if err != nil {
		return nil
	}
	return hex.EncodeToString(data)
}

func microseconds(in string) any {
	if at, ok := pytext.Time(in); ok {
		return json.Number(strconv.FormatInt(at.UnixMicro(), 10))
	}
	return nil
}

func bytes(in string) any {
	size, ok := pytext.Bytes(in)
	if !ok {
		return nil
	}
	n, _ := big.NewFloat(size).Int(nil)
	return n.String()
}

// TestNearest checks integers outside of 64 bits, which tables do not have.
func TestNearest(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]int64{"9223372036854775807": 1<<63 - 1, "9223372036854775808": 1<<63 - 1, "-99999999999999999999": -1 << 63, " 1_0 ": 10} {
		if n, err := pytext.Int64(in); err != nil || n != want {
			t.Errorf("%s gives %d, %v", in, n, err)
		}
	}
}
