//go:build lab

package devcloud_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestLabTerraform applies the example of docs/dev.md with the program that TOFU names
// (OpenTofu or Terraform): a second plan changes nothing, and destroy leaves nothing.
func TestLabTerraform(t *testing.T) {
	program := os.Getenv("TOFU")
	if program == "" {
		t.Skip("TOFU names no OpenTofu or Terraform")
	}
	text, err := os.ReadFile("../../docs/dev.md")
	if err != nil {
		t.Fatal(err)
	}
	_, example, found := strings.Cut(string(text), "```hcl\n")
	example, _, ended := strings.Cut(example, "```")
	if !found || !ended {
		t.Fatal("docs/dev.md has no example")
	}
	dir, state := t.TempDir(), t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "main.tf"), []byte(example), 0o600); err != nil {
		t.Fatal(err)
	}
	c := start(t, state)
	defer c.Close()
	run := func(args ...string) (string, error) {
		cmd := exec.CommandContext(t.Context(), program, append(args, "-no-color")...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "OS_CLIENT_CONFIG_FILE="+filepath.Join(state, "clouds.yaml"))
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	installed, failed := run("init") // with a provider that is built here this may fail, and need not be
	if failed != nil {
		t.Log(installed)
	}
	for _, args := range [][]string{{"apply", "-auto-approve"}, {"plan", "-detailed-exitcode"}, {"destroy", "-auto-approve"}} {
		if out, err := run(args...); err != nil {
			t.Fatalf("%s: %v\n%s", args[0], err, out)
		}
	}
	dump := ask(t, c, "GET", "/dump", "", 200)
	for _, left := range []string{`"name":"web"`, `"name":"data"`, `"device_owner"`} {
		if strings.Contains(dump, left) {
			t.Errorf("%s is left: %s", left, dump)
		}
	}
}
