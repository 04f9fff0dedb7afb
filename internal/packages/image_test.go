//go:build packages && linux

package packages_test

import (
	"archive/tar"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/nova-go/nova/internal/novatest/testproc"
)

// TestImage unpacks the image as a container engine does, and starts its command as its user in its root.
func TestImage(t *testing.T) {
	needs(t, "root")
	files := archive(t, built(t, "nova-go-image.tar"))
	var manifests []struct {
		Config   string
		RepoTags []string
		Layers   []string
	}
	decode(t, files["manifest.json"], &manifests)
	var index struct {
		Manifests []struct{ Digest string }
	}
	decode(t, files["index.json"], &index)
	if len(manifests) != 1 || len(manifests[0].Layers) != 1 || len(index.Manifests) != 1 || len(files["oci-layout"]) == 0 {
		t.Fatalf("%+v %+v", manifests, index)
	}
	var config struct {
		OS     string
		Config struct {
			User, WorkingDir string
			Env              []string
			Entrypoint, Cmd  []string
		}
	}
	decode(t, files[manifests[0].Config], &config)
	if config.OS != "linux" || config.Config.User != "42436:42436" || strings.Join(config.Config.Cmd, " ") != "--dev" {
		t.Errorf("%+v", config)
	}

	root := t.TempDir()
	if err := os.Chmod(root, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Dir(root), 0o755); err != nil {
		t.Fatal(err)
	}
	unpack(t, files[manifests[0].Layers[0]], root)
	_, port, err := net.SplitHostPort(testproc.Address(t))
	if err != nil {
		t.Fatal(err)
	}
	args := append(config.Config.Entrypoint[1:], append(config.Config.Cmd, "--port", port)...)
	cmd := exec.CommandContext(t.Context(), config.Config.Entrypoint[0], args...)
	cmd.Env, cmd.Dir = config.Config.Env, config.Config.WorkingDir
	cmd.SysProcAttr = &syscall.SysProcAttr{Chroot: root, Credential: &syscall.Credential{Uid: 42436, Gid: 42436}}
	var log strings.Builder
	cmd.Stdout, cmd.Stderr = &log, &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	body := answers(t, "http://127.0.0.1:"+port+"/")
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("%v\n%s", err, log.String())
	}
	if !strings.Contains(body, `"v2.1"`) {
		t.Errorf("%s\n%s", body, log.String())
	}
}

func decode(t *testing.T, content []byte, v any) {
	t.Helper()
	if err := json.Unmarshal(content, v); err != nil {
		t.Fatalf("%v: %s", err, content)
	}
}

// archive returns the files of a tar archive.
func archive(t *testing.T, file string) map[string][]byte {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	files := map[string][]byte{}
	for r := tar.NewReader(f); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return files
		}
		if err != nil {
			t.Fatal(err)
		}
		if files[h.Name], err = io.ReadAll(r); err != nil {
			t.Fatal(err)
		}
	}
}

// unpack writes a layer below a directory.
func unpack(t *testing.T, layer []byte, root string) {
	t.Helper()
	unzipped, err := gzip.NewReader(strings.NewReader(string(layer)))
	if err != nil {
		t.Fatal(err)
	}
	for r := tar.NewReader(unzipped); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		name := filepath.Join(root, h.Name)
		switch h.Typeflag {
		case tar.TypeDir:
			err = os.Mkdir(name, fs.FileMode(h.Mode).Perm())
		case tar.TypeSymlink:
			err = os.Symlink(h.Linkname, name)
		default:
			var content []byte
			if content, err = io.ReadAll(r); err == nil {
				err = os.WriteFile(name, content, fs.FileMode(h.Mode).Perm())
			}
		}
		if err == nil {
			err = os.Lchown(name, h.Uid, h.Gid)
		}
		if err == nil && h.Typeflag == tar.TypeDir {
			err = os.Chmod(name, h.FileInfo().Mode()) // whatever the umask, and with the sticky bit
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}
