package devcloud

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// lockFile is the file of a state directory that its process locks and writes its process id to.
// It remains, without the lock, when the process ends.
const lockFile = "lock"

// openState creates or opens the state directory, locks it, and removes the permissions of other
// users.
func (c *Cloud) openState(dir string) (err error) {
	if c.state, err = filepath.Abs(dir); err != nil {
		return fmt.Errorf("--state: %w", err)
	}
	if err := os.MkdirAll(c.state, 0o700); err != nil {
		return fmt.Errorf("--state: %w", err)
	}
	if c.lock, err = takeLock(c.state); err != nil {
		return err
	}
	if err := c.renameDocuments(); err != nil {
		return err
	}
	return c.closeToOthers()
}

// renameDocuments renames the services' database of an older release to its current name.
func (c *Cloud) renameDocuments() error {
	earlier, err := filepath.Glob(filepath.Join(c.state, "neighbours.sqlite*"))
	if err != nil {
		return err
	}
	for _, path := range earlier {
		name := "services" + strings.TrimPrefix(filepath.Base(path), "neighbours")
		if err := os.Rename(path, filepath.Join(c.state, name)); err != nil {
			return fmt.Errorf("--state: %w", err)
		}
	}
	return nil
}

// stateFiles are the patterns of the cloud's files in its state directory.
var stateFiles = []string{lockFile, releaseFile, "nova.conf", "api-paste.ini", "clouds.yaml", "openrc", certFile, keyFile, "tokens.json*",
	"people.json*",
	"nova_*.sqlite*", "services.sqlite*", "images", snapshotsDir}

func ofCloud(name string) bool {
	return slices.ContainsFunc(stateFiles, func(pattern string) bool {
		ok, _ := filepath.Match(pattern, name)
		return ok
	})
}

// closeToOthers removes the permissions of other users from the files of the cloud, which an
// earlier release, a copy or a umask may have left, and from the directory if it has no other
// files: a directory such as /tmp must stay open. It skips files of other users.
func (c *Cloud) closeToOthers() error {
	entries, err := os.ReadDir(c.state)
	if err != nil {
		return fmt.Errorf("--state: %w", err)
	}
	shared := false
	for _, e := range entries {
		path := filepath.Join(c.state, e.Name())
		switch {
		case !ofCloud(e.Name()):
			shared = true
		case e.Type().IsRegular():
			err = errors.Join(err, setMode(path, 0o600))
		}
	}
	if !shared {
		err = errors.Join(err, setMode(c.state, 0o700))
	}
	return err
}

// setMode changes the mode of a file. It ignores files of other users and missing files, because
// other processes create and remove SQLite's journals.
func setMode(path string, mode fs.FileMode) error {
	info, err := os.Stat(path)
	if err == nil && info.Mode().Perm() != mode {
		if err = os.Chmod(path, mode); errors.Is(err, fs.ErrPermission) {
			return nil
		}
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// takeLock locks a state directory until the returned file is closed.
func takeLock(dir string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, lockFile), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("--state: %w", err)
	}
	taken, err := tryLock(f)
	if err == nil && !taken {
		text, _ := io.ReadAll(io.LimitReader(f, 20))
		_ = f.Close()
		return nil, fmt.Errorf("the state directory %s is in use by process %s: end it, or name another directory with --state", dir,
			bytes.TrimSpace(text))
	}
	if err == nil {
		err = errors.Join(f.Truncate(0), f.Chmod(0o600))
	}
	if err == nil {
		_, err = f.WriteAt(fmt.Appendf(nil, "%d\n", os.Getpid()), 0)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("locking the state directory %s: %w", dir, err), f.Close())
	}
	return f, nil
}
