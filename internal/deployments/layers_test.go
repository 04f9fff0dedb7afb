package deployments_test

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
	"gopkg.in/ini.v1"

	"github.com/nova-go/nova/config"
)

const (
	repository = "../.."                     // the build context of the layers
	layers     = "internal/packages/layers/" // in it
)

// copied is an instruction COPY of a Dockerfile.
type copied struct {
	from []string // in the build context
	to   string
}

// dockerfile is a layer on the image of a deployment project. It only copies: it can be built for any architecture, and leaves the
// user, the entry point and the command as they are in the image, whatever they are there.
type dockerfile struct {
	base string // the default of the argument BASE
	tag  string // of the command in the comment
	copy []copied
}

func readDockerfile(file string) (d dockerfile, err error) {
	f, err := os.Open(file)
	if err != nil {
		return d, err
	}
	defer f.Close()
	from := false
	for scanner := bufio.NewScanner(f); scanner.Scan(); {
		words := strings.Fields(scanner.Text())
		switch {
		case len(words) == 0:
		case words[0] == "#":
			if i := slices.Index(words, "-t"); i >= 0 && i+1 < len(words) {
				d.tag = words[i+1]
			}
		case words[0] == "ARG" && len(words) == 2 && strings.HasPrefix(words[1], "BASE="):
			d.base = strings.TrimPrefix(words[1], "BASE=")
		case words[0] == "FROM" && len(words) == 2 && words[1] == "${BASE}":
			from = true
		case words[0] == "COPY" && len(words) > 2 && from && !strings.HasPrefix(words[1], "--"):
			d.copy = append(d.copy, copied{words[1 : len(words)-1], words[len(words)-1]})
		default:
			return d, fmt.Errorf("%s: %q is not what a layer may have", file, scanner.Text())
		}
	}
	if !from || d.base == "" || len(d.copy) == 0 {
		err = errors.New(file + " has no ARG BASE=, no FROM ${BASE} or no COPY")
	}
	return d, err
}

// target returns where COPY writes a file: below the directory, or to the name, that is its last word.
func (c copied) target(from, below string) string {
	switch {
	case strings.HasSuffix(from, "/"):
		return path.Join(c.to, below)
	case strings.HasSuffix(c.to, "/"):
		return path.Join(c.to, path.Base(from))
	}
	return c.to
}

// files returns the files that the layer writes, by their path in the image, and where the build context has them.
func (d dockerfile) files() (map[string]string, error) {
	files := map[string]string{}
	for _, c := range d.copy {
		for _, from := range c.from {
			if !strings.HasSuffix(from, "/") {
				files[c.target(from, "")] = from
				continue
			}
			err := fs.WalkDir(os.DirFS(filepath.Join(repository, from)), ".", func(below string, entry fs.DirEntry, err error) error {
				if err == nil && !entry.IsDir() {
					files[c.target(from, below)] = path.Join(from, below)
				}
				return err
			})
			if err != nil {
				return nil, err
			}
		}
	}
	return files, nil
}

// The layers copy programs that `make build` makes and files that the build context contains; links lead to what is copied. The
// overrides of the deployers name the image that the Dockerfile says.
func TestLayers(t *testing.T) {
	t.Parallel()
	ignored, err := os.ReadFile(filepath.Join(repository, ".dockerignore"))
	if err != nil || !strings.Contains(string(ignored), "\n!bin\n!"+strings.TrimSuffix(layers, "/")+"\n") {
		t.Errorf(".dockerignore: %s %v", ignored, err)
	}
	for deployer, override := range map[string][]string{
		"kolla-ansible":  {"globals.yml", "nova_api_image_full"},
		"openstack-helm": {"values.yaml", "images", "tags", "nova_api"},
		"nova-operator":  {"openstackversion.yaml", "spec", "customContainerImages", "novaAPIImage"},
	} {
		dir := filepath.Join(repository, layers, deployer)
		d, err := readDockerfile(filepath.Join(dir, "Dockerfile"))
		if err != nil {
			t.Error(err)
			continue
		}
		files, err := d.files()
		if err != nil {
			t.Error(err)
		}
		for to, from := range files {
			if strings.HasPrefix(from, "bin/") {
				if _, err := os.Stat(filepath.Join(repository, "cmd", path.Base(from))); err != nil {
					t.Errorf("%s: %s: %v", deployer, from, err)
				}
				continue
			}
			info, err := os.Lstat(filepath.Join(repository, from))
			if err != nil || !strings.HasPrefix(from, layers) {
				t.Errorf("%s: %s: %v", deployer, from, err)
				continue
			}
			if info.Mode()&fs.ModeSymlink == 0 {
				if info.Mode().Perm() != 0o755 {
					t.Errorf("%s: mode %v", to, info.Mode())
				}
			} else if link, err := os.Readlink(filepath.Join(repository, from)); err != nil || files[link] == "" {
				t.Errorf("%s: %s leads to %s, which is not copied (%v)", deployer, to, link, err)
			}
		}
		b, err := os.ReadFile(filepath.Join(dir, override[0]))
		if err != nil {
			t.Error(err)
		}
		var value any
		if err := yaml.Unmarshal(b, &value); err != nil {
			t.Errorf("%s: %v", deployer, err)
		}
		for _, key := range override[1:] {
			m, _ := value.(map[string]any)
			value = m[key]
		}
		if value != d.tag || d.tag == "" {
			t.Errorf("%s: %v names %v, the Dockerfile %q", deployer, override, value, d.tag)
		}
	}
}

// kolla-ansible merges the file into nova.conf; it has an option of this project.
func TestKollaConfig(t *testing.T) {
	t.Parallel()
	c, err := config.Load(config.Sources{NoDefaults: true, Prog: "nova-api-os-compute",
		Files: []string{filepath.Join(repository, layers, "kolla-ansible/config/nova/nova-api.conf")}})
	if err != nil {
		t.Fatal(err)
	}
	if len(c.Warnings()) != 0 || c.WSGI.ComputeMetrics == "" {
		t.Errorf("%v %+v", c.Warnings(), c.WSGI)
	}
}

// unit reads a drop-in of a unit of systemd.
func unit(t *testing.T, name string) (start, reload []string) {
	t.Helper()
	file, err := ini.LoadSources(ini.LoadOptions{AllowShadows: true, IgnoreInlineComment: true}, filepath.Join(repository, layers, "openstack-ansible", name+".conf"))
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(filepath.Join(repository, layers, "openstack-ansible", name+".conf"))
	if err != nil {
		t.Fatal(err)
	}
	section := file.Section("Service")
	for _, key := range []string{"ExecStart", "ExecReload"} {
		if !regexp.MustCompile(`(?m)^` + key + `=\n` + key + `=/`).Match(b) {
			t.Errorf("%s.conf does not replace %s of the unit", name, key)
		}
	}
	last := func(key string) []string {
		values := section.Key(key).ValueWithShadows()
		return strings.Fields(values[len(values)-1])
	}
	return last("ExecStart"), last("ExecReload")
}

// The drop-ins name the ini files of the deployment.
func TestDropIns(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"nova-api-os-compute", "nova-api-metadata"} {
		start, reload := unit(t, name)
		if len(start) != 4 || start[0] != "/usr/local/bin/uwsgi" || start[3] != "/etc/uwsgi/"+name+".ini" {
			t.Errorf("ExecStart %q", start)
		}
		if _, err := os.Stat(filepath.Join("testdata/openstack-ansible/root", start[len(start)-1])); err != nil {
			t.Error(err)
		}
		b, err := os.ReadFile(filepath.Join("testdata/openstack-ansible/root/etc/uwsgi", name+".ini"))
		if err != nil || len(reload) != 3 || !strings.Contains(string(b), reload[2]) {
			t.Errorf("%q is not the pid file of %s (%v)", reload, b, err)
		}
	}
}
