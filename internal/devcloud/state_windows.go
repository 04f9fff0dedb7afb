package devcloud

import (
	"errors"
	"math"
	"os"
	"time"

	"golang.org/x/sys/windows"
)

// tryLock locks a file until it is closed. It returns false if another process has locked it. The
// lock covers one byte far behind the end of the file, because other processes cannot read what
// is locked, and they read the process id.
func tryLock(f *os.File) (bool, error) {
	at := windows.Overlapped{OffsetHigh: math.MaxInt32}
	err := windows.LockFileEx(windows.Handle(f.Fd()), windows.LOCKFILE_EXCLUSIVE_LOCK|windows.LOCKFILE_FAIL_IMMEDIATELY, 0, 1, 0, &at)
	if errors.Is(err, windows.ERROR_LOCK_VIOLATION) {
		return false, nil
	}
	return err == nil, err
}

// removeState removes a state directory. Windows removes no open files, and the applications
// close their databases only after their end: removeState repeats its attempts for some seconds.
func removeState(dir string) error {
	for end := time.Now().Add(5 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		if err := os.RemoveAll(dir); err == nil || time.Now().After(end) {
			return err
		}
	}
}
