// Package private writes files of the embedded cloud that only the current user can read,
// whatever the umask is.
package private

import (
	"errors"
	"os"
)

// Write writes a file, and removes the permissions of other users from an existing one.
func Write(path string, text []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	if err = f.Chmod(0o600); err == nil {
		err = f.Truncate(0)
	}
	if err == nil {
		_, err = f.Write(text)
	}
	return errors.Join(err, f.Close())
}

// Replace replaces a file atomically: after a crash it has the old or the new content. If it
// fails, it may leave a file with the suffix ".new".
func Replace(path string, text []byte) error {
	if err := Write(path+".new", text); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}

// Create creates an empty file, or removes the permissions of other users from an existing one.
// SQLite would create world-readable databases; it gives its journals the mode of the database.
func Create(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	return errors.Join(f.Chmod(0o600), f.Close())
}
