package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// replaceTimeout bounds the time in which a new process must become ready.
const replaceTimeout = time.Minute

// replace starts the binary again, and reports whether the new process has replaced this one.
func (h *hosting) replace(ctx context.Context) bool {
	if os.Getpid() == 1 {
		h.log.Error().Msg("not replaced: a container ends with its process 1")
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, replaceTimeout)
	defer cancel()
	process, err := h.server.Replace(ctx, h.again())
	if err != nil {
		h.log.Error().Msg("not replaced: " + oneLine(err))
		return false
	}
	h.log.Info().Int("pid", process.Pid).Msg("another process has replaced this one")
	notify(fmt.Sprintf("MAINPID=%d", process.Pid))
	return true
}

// restart returns a function that starts the process again with its original arguments and
// directory. It must be called before the process changes its directory.
func restart() (func() *exec.Cmd, error) {
	path, err := exec.LookPath(os.Args[0])
	if errors.Is(err, exec.ErrDot) {
		err = nil
	}
	if err == nil {
		path, err = filepath.Abs(path)
	}
	if err != nil {
		if path, err = os.Executable(); err != nil {
			return nil, err
		}
	}
	dir, err := os.Getwd()
	if err != nil {
		return nil, err
	}
	return func() *exec.Cmd {
		cmd := exec.Command(path, os.Args[1:]...)
		cmd.Args[0] = os.Args[0]
		cmd.Dir, cmd.Stdin, cmd.Stdout, cmd.Stderr = dir, os.Stdin, os.Stdout, os.Stderr
		// systemd expects the watchdog messages from the main process.
		cmd.Env = slices.DeleteFunc(os.Environ(), func(kv string) bool { return strings.HasPrefix(kv, "WATCHDOG_PID=") })
		return cmd
	}, nil
}
