// Command image writes a container image without a container engine, a base image or the network: the
// programs, a user to run them as, and the CA certificates of this machine.
//
// The file is an OCI image layout in a tar archive with the manifest of docker save beside it, so that
// docker load, podman load and skopeo read it.
package main

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"path"
	"path/filepath"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

// nova is the user and group ID of nova in kolla's images, so that volumes keep their owner.
const nova = 42436

func main() {
	log.SetFlags(0)
	log.SetPrefix("image: ")
	binaries := flag.String("bin", "bin", "directory of the programs for Linux")
	arch := flag.String("arch", "amd64", "architecture that they were built for")
	version := flag.String("version", "", "version, which becomes the tag")
	licenses := flag.String("licenses", ".", "directory of LICENSE and THIRD_PARTY_LICENSES")
	certificates := flag.String("ca", "/etc/ssl/certs/ca-certificates.crt", "CA certificates; empty: none")
	out := flag.String("o", "image.tar", "file to write")
	flag.Parse()
	if *version == "" || flag.NArg() > 0 {
		log.Fatal("usage: image -version VERSION [-bin DIRECTORY] [-arch ARCHITECTURE] [-licenses DIRECTORY] [-ca FILE] [-o FILE]")
	}
	layer, err := files(*binaries, *licenses, *certificates)
	if err != nil {
		log.Fatal(err)
	}
	image, err := build(layer, *arch, *version)
	if err != nil {
		log.Fatal(err)
	}
	if err := write(image, "nova-go:"+*version, *out); err != nil {
		log.Fatal(err)
	}
}

// files returns the tar archive of the only layer. Its times are zero, so that equal programs give
// equal images.
func files(binaries, licenses, certificates string) ([]byte, error) {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	add := func(h tar.Header, content []byte) error {
		h.Size = int64(len(content))
		if err := w.WriteHeader(&h); err != nil {
			return err
		}
		_, err := w.Write(content)
		return err
	}
	for _, d := range []tar.Header{
		{Name: "etc/"}, {Name: "etc/nova/"}, {Name: "etc/ssl/"}, {Name: "etc/ssl/certs/"}, {Name: "tmp/", Mode: 0o1777},
		{Name: "usr/"}, {Name: "usr/local/"}, {Name: "usr/local/bin/"}, {Name: "usr/share/"}, {Name: "usr/share/doc/"},
		{Name: "usr/share/doc/nova-go/"},
		{Name: "var/"}, {Name: "var/lib/"}, {Name: "var/lib/nova/", Uid: nova, Gid: nova}, {Name: "var/log/"},
		{Name: "var/log/nova/", Uid: nova, Gid: nova},
		{Name: "run/"}, {Name: "run/nova/", Uid: nova, Gid: nova},
	} {
		d.Typeflag = tar.TypeDir
		if d.Mode == 0 {
			d.Mode = 0o755
		}
		if err := add(d, nil); err != nil {
			return nil, err
		}
	}
	users := fmt.Sprintf("root:x:0:0:root:/:/sbin/nologin\nnova:x:%d:%d:OpenStack Nova:/var/lib/nova:/sbin/nologin\n", nova, nova)
	if err := add(tar.Header{Name: "etc/passwd", Mode: 0o644}, []byte(users)); err != nil {
		return nil, err
	}
	groups := fmt.Sprintf("root:x:0:\nnova:x:%d:\n", nova)
	if err := add(tar.Header{Name: "etc/group", Mode: 0o644}, []byte(groups)); err != nil {
		return nil, err
	}
	type file struct {
		to, from string
		mode     int64
	}
	copied := []file{
		{"usr/local/bin/nova-api", filepath.Join(binaries, "nova-api"), 0o755},
		{"usr/local/bin/nova-metadata", filepath.Join(binaries, "nova-metadata"), 0o755},
		{"usr/share/doc/nova-go/LICENSE", filepath.Join(licenses, "LICENSE"), 0o644},
		{"usr/share/doc/nova-go/THIRD_PARTY_LICENSES", filepath.Join(licenses, "THIRD_PARTY_LICENSES"), 0o644},
	}
	if certificates != "" {
		copied = append(copied, file{"etc/ssl/certs/ca-certificates.crt", certificates, 0o644})
	}
	for _, f := range copied {
		content, err := os.ReadFile(f.from)
		if err != nil {
			return nil, err
		}
		if err := add(tar.Header{Name: f.to, Mode: f.mode}, content); err != nil {
			return nil, err
		}
	}
	// Charts and roles that start Nova under uWSGI start this name.
	link := tar.Header{Typeflag: tar.TypeSymlink, Name: "usr/local/bin/uwsgi", Linkname: "nova-api", Mode: 0o777}
	if err := w.WriteHeader(&link); err != nil {
		return nil, err
	}
	return b.Bytes(), w.Close()
}

// build returns the image of a layer.
func build(content []byte, arch, version string) (v1.Image, error) {
	layer, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(content)), nil })
	if err != nil {
		return nil, err
	}
	image, err := mutate.AppendLayers(empty.Image, layer)
	if err != nil {
		return nil, err
	}
	config, err := image.ConfigFile()
	if err != nil {
		return nil, err
	}
	config = config.DeepCopy()
	config.OS, config.Architecture = "linux", arch
	config.Config = v1.Config{
		User:         fmt.Sprintf("%d:%d", nova, nova),
		WorkingDir:   "/var/lib/nova",
		Env:          []string{"PATH=/usr/local/bin", "HOME=/var/lib/nova"},
		Entrypoint:   []string{"/usr/local/bin/nova-api"},
		Cmd:          []string{"--dev"},
		ExposedPorts: map[string]struct{}{"8774/tcp": {}, "8775/tcp": {}},
		Labels: map[string]string{
			"org.opencontainers.image.title":    "nova-go",
			"org.opencontainers.image.version":  version,
			"org.opencontainers.image.licenses": "Apache-2.0",
		},
	}
	return mutate.ConfigFile(image, config)
}

// write writes the layout of an image as a tar archive.
func write(image v1.Image, name, file string) error {
	dir, err := os.MkdirTemp("", "image")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	to, err := layout.Write(dir, empty.Index)
	if err != nil {
		return err
	}
	if err := to.AppendImage(image, layout.WithAnnotations(map[string]string{"org.opencontainers.image.ref.name": name})); err != nil {
		return err
	}
	if err := dockerManifest(image, name, filepath.Join(dir, "manifest.json")); err != nil {
		return err
	}
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	w := tar.NewWriter(f)
	if err := w.AddFS(os.DirFS(dir)); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	return f.Close()
}

// dockerManifest writes the manifest of docker save, which names the blobs of the layout.
func dockerManifest(image v1.Image, name, file string) error {
	blob := func(h v1.Hash) string { return path.Join("blobs", h.Algorithm, h.Hex) }
	layers, err := image.Layers()
	if err != nil {
		return err
	}
	config, err := image.ConfigName()
	if err != nil {
		return err
	}
	manifest := struct {
		Config   string
		RepoTags []string
		Layers   []string
	}{Config: blob(config), RepoTags: []string{name}}
	for _, l := range layers {
		digest, err := l.Digest()
		if err != nil {
			return err
		}
		manifest.Layers = append(manifest.Layers, blob(digest))
	}
	content, err := json.Marshal([]any{manifest})
	if err != nil {
		return err
	}
	return os.WriteFile(file, content, 0o600)
}
