// Package private writes the files of the embedded cloud: only the user that runs the
// cloud can read them, whatever the umask is.
package private

import (
	"errors"
	"os"
)

// Write writes a file. One that is there loses the rights that others had on it.
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

// Replace writes a file whole: after a crash it has its old content or the new one. A
// file with ".new" after its name is left where it fails.
func Replace(path string, text []byte) error {
	if err := Write(path+".new", text); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}

// Create makes an empty file, or takes the rights of others from one that is there.
// SQLite would make its databases readable for everybody; it gives the journals beside
// a database the mode of the database.
func Create(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	return errors.Join(f.Chmod(0o600), f.Close())
}
