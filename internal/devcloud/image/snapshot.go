package image

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Save links the content of all images into a directory. Content is never modified in place, so
// that the links keep it.
func (s *Service) Save(dir string) error { return link(s.o.Dir, dir) }

// Load replaces the content of all images by what Save has written into a directory.
func (s *Service) Load(dir string) error {
	return errors.Join(os.RemoveAll(s.o.Dir), link(dir, s.o.Dir))
}

// link links the files of a directory, which may be missing, into another one.
func link(from, to string) error {
	entries, err := os.ReadDir(from)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.MkdirAll(to, 0o700); err != nil {
		return err
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".") { // an upload that is under way
			continue
		}
		if err := os.Link(filepath.Join(from, e.Name()), filepath.Join(to, e.Name())); err != nil {
			return err
		}
	}
	return nil
}
