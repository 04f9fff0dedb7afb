//go:build unix

package cli

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// redirectStandard makes a file standard output and standard error of the process, also for what the Go runtime writes.
func redirectStandard(file *os.File) error {
	return errors.Join(unix.Dup2(int(file.Fd()), 1), unix.Dup2(int(file.Fd()), 2))
}
