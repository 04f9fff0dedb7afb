package cli

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// daemonEnv marks the process that one with daemonize has started in its place: with daemonEnvReady, that one waits until it is
// told on daemonDescriptor that the process serves.
const (
	daemonEnv        = "NOVA_GO_DAEMON"
	daemonEnvReady   = "ready"
	daemonDescriptor = 3
)

// exitStatus ends the process with a status, without a message.
type exitStatus int

func (s exitStatus) Error() string { return fmt.Sprintf("exit status %d", int(s)) }

// daemonized is what a process knows that runs in the place of one that has left the terminal.
type daemonized struct {
	served *os.File // to be told that the process serves; nil: nobody waits for it
}

// takeDaemon returns nil if the process was started directly. The mark is removed, so that other processes do not inherit it.
func takeDaemon() *daemonized {
	mark, marked := os.LookupEnv(daemonEnv)
	if !marked {
		return nil
	}
	_ = os.Unsetenv(daemonEnv)
	d := &daemonized{}
	if mark == daemonEnvReady {
		d.served = os.NewFile(daemonDescriptor, "daemonize2")
	}
	return d
}

// startDaemon starts the program again in a session of its own. It returns the status with which this process has to end: 0 at
// once, or with ready when the other process serves, or with the status of that process if it ends before.
func startDaemon(cmd *exec.Cmd, ready bool) error {
	mark := ""
	cmd.Stdin = nil
	if err := ownSession(cmd); err != nil {
		return err
	}
	var served, other *os.File
	if ready {
		var err error
		if served, other, err = os.Pipe(); err != nil {
			return err
		}
		mark, cmd.ExtraFiles = daemonEnvReady, []*os.File{other}
	}
	cmd.Env = append(cmd.Env, daemonEnv+"="+mark)
	if err := cmd.Start(); err != nil {
		return err
	}
	if !ready {
		return exitStatus(0)
	}
	_ = other.Close()
	if n, _ := served.Read(make([]byte, 1)); n == 1 {
		return exitStatus(0)
	}
	if ended := (*exec.ExitError)(nil); errors.As(cmd.Wait(), &ended) {
		return exitStatus(max(1, ended.ExitCode()))
	}
	return exitStatus(0)
}

// leaveTerminal opens the file of daemonize2, and tells the process in whose place this one runs that it serves.
func (o *output) leaveTerminal() error {
	if o.served == "" {
		return nil
	}
	path, err := filepath.Abs(o.served)
	if err != nil {
		return err
	}
	if o.umask {
		err = setUmask(0)
	}
	if !o.log.Logger {
		o.process = &outputFile{path: path, mode: o.log.Mode, standard: true}
		err = errors.Join(err, o.process.reopen())
	}
	if o.daemon != nil && o.daemon.served != nil {
		_, writeErr := o.daemon.served.Write([]byte{1})
		err = errors.Join(err, writeErr, o.daemon.served.Close())
		o.daemon.served = nil
	}
	return err
}
