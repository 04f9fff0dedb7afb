package main_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write docs/ROUTES.md anew")

// TestRoutesDocument compares docs/ROUTES.md with the rows.
func TestRoutesDocument(t *testing.T) {
	t.Parallel()
	const file = "../../docs/ROUTES.md"
	got, err := command(t, "routes", "--format", "markdown").Output()
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("docs/ROUTES.md is not what the rows say; write it anew with: go test ./cmd/nova-api -run TestRoutesDocument -update")
	}
}

func TestRoutesAreCounted(t *testing.T) {
	t.Parallel()
	got, err := command(t, "routes").Output()
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(got, []byte("\n263 operations\n")) || bytes.Count(got, []byte("\n")) < 263 {
		t.Errorf("%s", got)
	}
}

// TestRoutesOpenAPI reads the documents that the command writes.
func TestRoutesOpenAPI(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		args            []string
		version, header string
	}{
		{nil, "2.104", "compute 2.104"},
		{[]string{"--microversion", "2.96"}, "2.96", "compute 2.96"},
	} {
		text, err := command(t, append([]string{"routes", "--format", "openapi"}, c.args...)...).Output()
		if err != nil {
			t.Fatal(err)
		}
		var d struct {
			OpenAPI    string
			Info       struct{ Version string }
			Components struct {
				Parameters map[string]struct{ Schema struct{ Default string } }
			}
		}
		if err := json.Unmarshal(text, &d); err != nil {
			t.Fatal(err)
		}
		if d.OpenAPI != "3.1.0" || d.Info.Version != c.version {
			t.Errorf("%v: OpenAPI %s, version %s", c.args, d.OpenAPI, d.Info.Version)
		}
		if got := d.Components.Parameters["Microversion"+strings.TrimPrefix(c.version, "2.")].Schema.Default; got != c.header {
			t.Errorf("%v: the header is %q", c.args, got)
		}
	}
	for args, want := range map[string]string{
		"--microversion 2.96":                   "--microversion is for --format openapi",
		"--format openapi --microversion 2.105": "maximum is 2.104",
		"--format yaml":                         "use text, markdown or openapi",
	} {
		out, err := command(t, append([]string{"routes"}, strings.Fields(args)...)...).CombinedOutput()
		if err == nil || !strings.Contains(string(out), want) {
			t.Errorf("%s: %v %s", args, err, out)
		}
	}
}
