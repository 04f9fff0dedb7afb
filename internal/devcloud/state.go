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

	"golang.org/x/sys/unix"
)

// lockFile is the file of a state directory that its process holds a lock on, and
// writes its id into. It stays when the process ends, without the lock.
const lockFile = "lock"

// openState makes the state directory, or finds the one that is there, takes it for
// this process, and lets nobody else read what is in it.
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

// renameDocuments gives the database of the services the name that it has now, in a
// directory from before.
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

// files are the names of what a cloud keeps in its state directory, as patterns.
var files = []string{lockFile, "nova.conf", "api-paste.ini", "clouds.yaml", "openrc", certFile, keyFile, "tokens.json*", "people.json*",
	"nova_*.sqlite*", "services.sqlite*", "images"}

func ofCloud(name string) bool {
	return slices.ContainsFunc(files, func(pattern string) bool {
		ok, _ := filepath.Match(pattern, name)
		return ok
	})
}

// closeToOthers takes the rights of others from the files of the cloud: an earlier
// release, a copy, or a umask may have left some. The directory is closed, too,
// unless there is something else in it: one such as /tmp is for others. What belongs
// to another user is left to that user.
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

// setMode changes the mode of a file that may belong to another user, or be gone: other
// processes on the databases of the cloud make and remove journals of SQLite.
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

// takeLock holds a state directory until its answer is closed.
func takeLock(dir string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, lockFile), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("--state: %w", err)
	}
	err = unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if errors.Is(err, unix.EWOULDBLOCK) {
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
