package flavors_test

import (
	"strings"
	"testing"

	"github.com/nova-go/nova/internal/novatest"
)

// Nova's schemas accept integers that are written as floats or as text, and its code
// makes something else of them in each operation. The expectations are answers of Nova
// 34.0.0 on MariaDB.

func TestFlavorValues(t *testing.T) {
	t.Parallel()
	s := novatest.New(t)
	admin := s.As("admin").MV("2.55")
	invalid := novatest.Unexpected("nova.exception.InvalidInput")
	for _, c := range []struct {
		member, value string
		status        int
		want          string // of the flavor, or a message
	}{
		{"ram", `"1\n"`, 200, `{"ram": 1}`},
		{"ram", `"01"`, 200, `{"ram": 1}`},
		{"ram", `2147483647`, 200, `{"ram": 2147483647}`},
		{"ram", `1.0`, 500, invalid},
		{"ram", `1e0`, 500, invalid},
		{"ram", `2147483647.0`, 500, invalid},
		{"ram", `2147483648`, 400, "*2147483648 is greater than the maximum of 2147483647"},
		{"ram", `9223372036854775808`, 400, "*9223372036854775808 is greater than the maximum of 2147483647"},
		{"ram", `" 1"`, 400, "*' 1' does not match '^[0-9]+$'"},
		{"ram", `"1_0"`, 400, "*'1_0' does not match '^[0-9]+$'"},
		{"ram", `"\u0661"`, 400, "*'١' does not match '^[0-9]+$'"},
		{"ram", `true`, 400, "*True is not of type 'integer', 'string'"},
		{"vcpus", `2.0`, 500, invalid},
		{"disk", `-0.0`, 500, invalid},
		{"OS-FLV-EXT-DATA:ephemeral", `1.0`, 500, invalid},
		{"swap", `1.0`, 500, invalid},
		{"swap", `"5\n"`, 200, `{"swap": 5}`},
		{"id", `7.0`, 200, `{"id": "7.0"}`},
		{"id", `1e22`, 200, `{"id": "1e+22"}`},
		{"id", `"x\n"`, 200, `{"id": "x\n"}`},
		{"rxtx_factor", `"1.5\n"`, 200, `{"rxtx_factor": 1.5}`},
		{"rxtx_factor", `"00.5"`, 200, `{"rxtx_factor": 0.5}`},
		{"rxtx_factor", `"0.0"`, 500, invalid},
		{"os-flavor-access:is_public", `"OFF"`, 200, `{"os-flavor-access:is_public": false}`},
		{"os-flavor-access:is_public", `"t"`, 400, "*'t' is not one of *"},
	} {
		t.Run(c.member+"="+c.value, func(t *testing.T) {
			s := s.In(t)
			members := map[string]string{"name": `"new"`, "ram": "1", "vcpus": "1", "disk": "1"}
			members[c.member] = c.value
			var text []string
			for name, value := range members {
				text = append(text, `"`+name+`": `+value)
			}
			create := func() *novatest.Response {
				return admin.In(t).Do("POST /flavors", `{"flavor": {`+strings.Join(text, ", ")+`}}`).Expect(c.status)
			}
			if c.status != 200 {
				s.Changes(func() { create().Fault(novatest.FaultOf(c.status), c.want) }).Expect()
				return
			}
			made := create().Has(`{"flavor": ` + c.want + `}`)
			s.Exec("api", "DELETE FROM flavors WHERE flavorid = ?", made.At("flavor", "id"))
		})
	}
	// What Python takes for false is no id.
	for _, id := range []string{"0", "-0.0", "null"} {
		made := admin.Do("POST /flavors", `{"flavor": {"name": "none", "ram": 1, "vcpus": 1, "disk": 1, "id": `+id+`}}`).Expect(200).At("flavor", "id")
		if len(made) != 36 {
			t.Errorf("the id %s makes a flavor with the id %s", id, made)
		}
		admin.Do("DELETE /flavors/" + made).Expect(202)
	}
}

// Extra specs are answered as they came, with numbers as Python writes them, and kept as
// Python's str shows them.
func TestExtraSpecValues(t *testing.T) {
	t.Parallel()
	s := novatest.New(t)
	admin := s.As("admin")
	for _, c := range []struct{ value, answered, kept string }{
		{`1`, `1`, "1"},
		{`1.0`, `1.0`, "1.0"},
		{`1.10`, `1.1`, "1.1"},
		{`1E5`, `100000.0`, "100000.0"},
		{`1e16`, `1e+16`, "1e+16"},
		{`1e-7`, `1e-07`, "1e-07"},
		{`NaN`, `NaN`, "nan"},
		{`1e400`, `Infinity`, "inf"},
		{`123456789012345678901234567890`, `123456789012345678901234567890`, "123456789012345678901234567890"},
		{`"1\n"`, `"1\n"`, "1\n"},
	} {
		for _, request := range []struct{ line, before, after string }{{"POST /flavors/1/os-extra_specs", `{"extra_specs":`, `}`}, {"PUT /flavors/1/os-extra_specs/a", "", ""}} {
			r := admin.Do(request.line, request.before+`{"a":`+c.value+`}`+request.after).Expect(200)
			if want := request.before + `{"a":` + c.answered + `}` + request.after; string(r.Body) != want {
				t.Errorf("%s %s: %s, want %s", request.line, c.value, r.Body, want)
			}
			if kept := s.Value("api", "SELECT value FROM flavor_extra_specs WHERE flavor_id = (SELECT id FROM flavors WHERE flavorid = '1')"); kept != c.kept {
				t.Errorf("%s %s: the row has %q, want %q", request.line, c.value, kept, c.kept)
			}
		}
	}
	admin.MV("2.86").Do("PUT /flavors/1/os-extra_specs/hw:cpu_cores", `{"hw:cpu_cores": 1.0}`).Expect(400).Fault("badRequest", "Validation failed; '1.0' is not a valid integer value.")
}
