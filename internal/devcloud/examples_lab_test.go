//go:build lab

package devcloud_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestLabExamples runs the examples of docs/examples with the interpreter that SUITES_PYTHON names, which needs
// openstacksdk, pytest and testcontainers; the container only where there is Docker with the image.
func TestLabExamples(t *testing.T) {
	python := os.Getenv("SUITES_PYTHON")
	if python == "" {
		t.Skip("SUITES_PYTHON names no Python with openstacksdk, pytest and testcontainers")
	}
	examples, err := filepath.Abs("../../docs/examples")
	if err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(t.TempDir(), "nova-api")
	run := func(t *testing.T, name string, args ...string) {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), name, args...)
		cmd.Dir = examples
		cmd.Env = append(os.Environ(), "NOVA_API="+program, "PYTHONDONTWRITEBYTECODE=1")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%s: %v\n%s", name, err, out)
		}
	}
	run(t, "go", "build", "-o", program, "../../cmd/nova-api")
	t.Run("pytest", func(t *testing.T) { run(t, python, "-m", "pytest", "-q", "-W", "ignore", "-p", "no:cacheprovider") })
	t.Run("testcontainers", func(t *testing.T) {
		script := "import containers, openstack\n"
		if exec.CommandContext(t.Context(), "docker", "image", "inspect", "nova-go:0.1.0").Run() == nil {
			script += "with containers.NovaContainer(port=18774) as nova:\n    assert list(openstack.connect(**nova.auth()).compute.servers()) == []\n"
		} else {
			t.Log("there is no Docker with the image nova-go:0.1.0: the module is only imported")
		}
		run(t, python, "-c", script)
	})
}
