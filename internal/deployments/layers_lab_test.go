//go:build lab && linux

package deployments_test

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// imageScripts are scripts of kolla that images have, by their path there, and where kolla's sources have them.
var imageScripts = map[string]string{
	"/usr/local/bin/kolla_start":             "base/start.sh",
	"/usr/local/bin/kolla_set_configs":       "base/set_configs.py",
	"/usr/local/bin/kolla_copy_cacerts":      "base/copy_cacerts.sh",
	"/usr/local/bin/kolla_install_projects":  "base/install_projects.sh",
	"/usr/local/bin/healthcheck_curl":        "base/healthcheck_curl",
	"/usr/local/bin/kolla_extend_start":      "nova/nova-base/extend_start.sh",
	"/usr/local/bin/kolla_nova_extend_start": "nova/nova-api/extend_start.sh",
}

// build writes the files of an image, and those of the deployer's layer on it. Scripts of kolla are its own if LAB_KOLLA names its
// sources, otherwise those of testdata, which do the same in short.
func (m *machine) build(t *testing.T, image, deployer string) {
	t.Helper()
	source := filepath.Join("testdata/images", image)
	err := filepath.WalkDir(source, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		m.write(t, strings.TrimPrefix(path, source), b, info.Mode().Perm(), root)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if image == "kolla" {
		m.addKolla(t, deployer)
	}
	d, err := readDockerfile(filepath.Join(repository, layers, deployer, "Dockerfile"))
	if err != nil {
		t.Fatal(err)
	}
	files, err := d.files()
	if err != nil {
		t.Fatal(err)
	}
	for to, from := range files {
		m.copy(t, to, from)
	}
}

// addKolla adds sudo, and the scripts of LAB_KOLLA.
func (m *machine) addKolla(t *testing.T, deployer string) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(self)
	if err != nil {
		t.Fatal(err)
	}
	m.write(t, "/usr/bin/sudo", b, 0o755, root)
	if err := os.Chmod(m.path("/usr/bin/sudo"), os.ModeSetuid|0o755); err != nil {
		t.Fatal(err)
	}
	sources := os.Getenv("LAB_KOLLA")
	if sources == "" {
		return
	}
	for path, source := range imageScripts {
		if deployer == "nova-operator" && strings.HasPrefix(source, "nova/") {
			continue // its images have an empty script there
		}
		b, err := os.ReadFile(filepath.Join(sources, source))
		if err != nil {
			t.Fatal(err)
		}
		m.write(t, path, b, 0o755, root)
	}
}

// copy does what COPY does with a file of the build context, or with a program of `make build`.
func (m *machine) copy(t *testing.T, to, from string) {
	t.Helper()
	path := m.path(to)
	if err := errorOf(os.MkdirAll(filepath.Dir(path), 0o755), os.RemoveAll(path)); err != nil {
		t.Fatal(err)
	}
	if program, ok := strings.CutPrefix(from, "bin/"); ok {
		m.link(t, to, filepath.Join(buildPrograms(t), program))
		return
	}
	from = filepath.Join(repository, from)
	if link, err := os.Readlink(from); err == nil {
		if err := os.Symlink(link, path); err != nil {
			t.Fatal(err)
		}
		return
	}
	b, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(from)
	if err != nil {
		t.Fatal(err)
	}
	m.write(t, to, b, info.Mode().Perm(), root)
}

// sudo becomes root and a command, as kolla's sudoers file lets the group kolla do. The test binary with its set-user-ID bit is
// the program sudo of images.
func sudo(args []string) error {
	if err := errorOf(syscall.Setgroups([]int{0}), syscall.Setgid(0), syscall.Setuid(0)); err != nil {
		return err
	}
	if len(args) > 0 && args[0] == "-E" {
		args = args[1:]
	}
	program, err := exec.LookPath(args[0])
	if err != nil {
		return err
	}
	return syscall.Exec(program, args, slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "LD_") }))
}

// checkImage makes sure that what the deployer needs of the image works beside ours: its health check, and nova-manage for the
// container that migrates the databases.
func (x *deployed) checkImage(t *testing.T) {
	t.Helper()
	if x.deployment.image == "" {
		return
	}
	path := "/var/lib/kolla/venv/bin/nova-manage"
	if x.deployment.image == "loci" {
		path = "/var/lib/openstack/bin/nova-manage"
	}
	if said, status := x.machine.run(t, x.service.runs, x.service.env, path, "api_db", "sync"); status != 0 || said != "nova-manage of Python: api_db sync\n" {
		t.Errorf("nova-manage: status %d: %s", status, said)
	}
	if x.deployment.name != "kolla-ansible" {
		return
	}
	if said, status := x.machine.run(t, x.service.as, x.service.env, "healthcheck_curl", x.base); status != 0 {
		t.Errorf("healthcheck_curl: status %d: %s", status, said)
	}
	bootstrap := append(slices.Clone(x.service.env), "KOLLA_BOOTSTRAP=")
	if said, status := x.machine.run(t, x.service.as, bootstrap, "kolla_start"); status != 0 || !strings.Contains(said, "nova-manage of Python: api_db sync\n") {
		t.Errorf("the bootstrap container: status %d: %s", status, said)
	}
}
