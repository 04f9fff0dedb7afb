package cli

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"

	"github.com/nova-go/nova/internal/serve"
	"github.com/nova-go/nova/internal/serve/uwsgiini"
)

// prepare applies the settings of a uWSGI file that precede the configuration, in uWSGI's order, and opens the files of the
// log. A process that replaces another one writes the pid files later, in takePidfiles.
func (f *Flags) prepare(ini *uwsgiini.Config, parent *serve.Parent, program func() *exec.Cmd) (*output, error) {
	if ini == nil {
		return f.output(nil)
	}
	if ini.Umask != nil {
		if err := setUmask(*ini.Umask); err != nil {
			return nil, err
		}
	}
	started := takeDaemon()
	if err := setEnvironment(ini, started == nil); err != nil {
		return nil, err
	}
	if ini.Daemonize+ini.Daemonize2 != "" && started == nil && !parent.Replaces() {
		return nil, startDaemon(program(), ini.Daemonize == "")
	}
	if started != nil && ini.Daemonize != "" && ini.Umask == nil {
		if err := setUmask(0); err != nil {
			return nil, err
		}
	}
	setLimits(ini)
	out, err := f.output(ini)
	if err != nil {
		return nil, err
	}
	if !parent.Replaces() {
		if err := writePidfile(ini.Pidfile); err != nil {
			return nil, err
		}
	}
	if err := run(ini, uwsgiini.PreJail, uwsgiini.InJail); err != nil {
		return nil, err
	}
	out.daemon = started
	f.Args = append(f.Args, ini.Args...)
	if ini.Dir != "" {
		if err := os.Chdir(ini.Dir); err != nil {
			return nil, fmt.Errorf("chdir: %w", err)
		}
	}
	return out, nil
}

// setEnvironment applies env and unenv, runs the first commands if first is set, and applies envdir.
func setEnvironment(ini *uwsgiini.Config, first bool) error {
	if err := ini.SetEnv(); err != nil {
		return err
	}
	if first {
		if err := run(ini, uwsgiini.Asap); err != nil {
			return err
		}
	}
	return ini.ReadEnvDirs()
}

// setLimits applies prio and max-fd. As for uWSGI, a failure is no reason not to start.
func setLimits(ini *uwsgiini.Config) {
	if ini.Priority != 0 {
		if err := setPriority(ini.Priority); err != nil {
			ini.Warnings = append(ini.Warnings, fmt.Sprintf("prio: %v", err))
		}
	}
	if ini.MaxFiles > 0 {
		if err := setFilesLimit(ini.MaxFiles); err != nil {
			ini.Warnings = append(ini.Warnings, fmt.Sprintf("max-fd: %v", err))
		}
	}
}

// run runs the commands of stages. A command that fails prevents the start, as with uWSGI.
func run(ini *uwsgiini.Config, stages ...uwsgiini.Stage) error { return runIn("", ini, stages...) }

// runIn is run with another working directory; "" is that of the process.
func runIn(dir string, ini *uwsgiini.Config, stages ...uwsgiini.Stage) error {
	if ini == nil {
		return nil
	}
	for _, stage := range stages {
		for _, c := range ini.Commands {
			if c.Stage != stage {
				continue
			}
			cmd := exec.Command("/bin/sh", "-c", c.Shell)
			cmd.Stdout, cmd.Stderr, cmd.Dir = os.Stdout, os.Stderr, dir
			err := cmd.Run()
			if err == nil {
				continue
			}
			failed := &commandError{c, ini.Failure(c), err}
			if failed.what != uwsgiini.Continues {
				return failed
			}
			ini.Warnings = append(ini.Warnings, failed.Error())
		}
	}
	return nil
}

// commandError is the failure of a command.
type commandError struct {
	command uwsgiini.Command
	what    uwsgiini.Failure // what follows
	err     error
}

func (e *commandError) Error() string {
	kind := "exec"
	if e.command.Hook {
		kind = "hook"
	}
	return fmt.Sprintf("%s-%s: %s: %v", kind, e.command.Stage, e.command.Shell, e.err)
}

func (e *commandError) Unwrap() error { return e.err }

// becomeUser changes user and groups as a uWSGI file says, after opening the listeners, and then opens the files that belong
// to the user.
func (h *hosting) becomeUser(o serve.Options, ini *uwsgiini.Config, parent *serve.Parent) (err error) {
	var dirs []string // where the commands of root and of the user run
	if ini != nil && os.Geteuid() == 0 {
		dirs = userCommandDirs(ini, h.startDir)
	}
	for _, dir := range dirs {
		if err := runIn(dir, ini, uwsgiini.AsRoot); err != nil {
			return err
		}
	}
	// With chown-socket uWSGI changes its user later: after logto2 and pidfile2.
	before := ini != nil && ini.SocketOwner != ""
	if before {
		if err := h.openUserFiles(ini, parent, !ini.Log.Logger); err != nil {
			return err
		}
	}
	if changesUser(ini) {
		if h.sockets, err = serve.Bind(o); err != nil {
			return err
		}
		if err := changeUser(ini); err != nil {
			return err
		}
	}
	for _, dir := range dirs {
		if err := runIn(dir, ini, uwsgiini.AsUser); err != nil {
			return err
		}
	}
	switch {
	case !before:
		return h.openUserFiles(ini, parent, true)
	case ini.Log.Logger:
		return h.output.openLate()
	}
	return nil
}

// openUserFiles opens the log of logto2 or logger, if log is true, and writes pidfile2.
func (h *hosting) openUserFiles(ini *uwsgiini.Config, parent *serve.Parent, log bool) error {
	if log {
		if err := h.output.openLate(); err != nil {
			return err
		}
	}
	if ini == nil || parent.Replaces() {
		return nil
	}
	return writePidfile(ini.Pidfile2)
}

// userCommandDirs returns the directories in which uWSGI, started as root, runs the commands of as-root and as-user. It changes
// its user before chdir, or after it if sockets get another owner. A process that remains root does it again later.
func userCommandDirs(ini *uwsgiini.Config, start string) []string {
	_, uid, err := lookupUser(ini.UID)
	remains := err == nil && uid == 0
	switch {
	case ini.SocketOwner != "":
		return []string{""}
	case remains:
		return []string{start, ""}
	}
	return []string{start}
}

// socketOwner returns the owner of unix sockets: that of chown-socket, or the user and the group of the process.
func socketOwner(ini *uwsgiini.Config) (*serve.Owner, error) {
	owner := serve.Owner{UID: -1, GID: -1}
	name, group, grouped := strings.Cut(ini.SocketOwner, ":")
	option := "chown-socket"
	if name == "" {
		if !changesUser(ini) || ini.SocketsAsRoot {
			return nil, nil
		}
		option, name, group, grouped = "uid", ini.UID, ini.GID, ini.GID != ""
	}
	var err error
	if name != "" {
		if _, owner.UID, err = lookupUser(name); err != nil {
			return nil, fmt.Errorf("%s: %w", option, err)
		}
	}
	if grouped {
		if owner.GID, err = lookupGroup(group); err != nil {
			return nil, fmt.Errorf("%s: %w", option, err)
		}
	}
	return &owner, nil
}

// writePidfile writes the pid of the process.
func writePidfile(path string) error {
	if path == "" {
		return nil
	}
	return os.WriteFile(path, fmt.Appendf(nil, "%d\n", os.Getpid()), 0o666)
}

// writePidfiles writes all pid files of the uWSGI file.
func (h *hosting) writePidfiles() error {
	var errs []error
	for _, path := range h.pidfiles {
		errs = append(errs, writePidfile(path))
	}
	return errors.Join(errs...)
}

// writeSafePidfiles writes the pid files that say that the process serves.
func (h *hosting) writeSafePidfiles(parent *serve.Parent) error {
	if h.ini == nil || parent.Replaces() {
		return nil
	}
	return errors.Join(writePidfile(h.ini.SafePidfile), writePidfile(h.ini.SafePidfile2))
}

// takePidfiles writes the pid files after the replaced process has released its sockets, because
// that process may have to continue until then.
func (h *hosting) takePidfiles(parent *serve.Parent) {
	<-parent.Owned()
	if err := h.writePidfiles(); err != nil {
		h.log.Warn().Err(err).Msg("writing the pid file")
	}
}

// endAsUWSGI runs the last commands, and removes the files of the process with vacuum.
func (h *hosting) endAsUWSGI() {
	if h.ini == nil || h.replaced {
		return
	}
	if err := run(h.ini, uwsgiini.AtExit); err != nil {
		h.log.Warn().Msg(oneLine(err))
	}
	if !h.ini.Vacuum {
		return
	}
	for _, path := range h.pidfiles {
		if b, err := os.ReadFile(path); err == nil && strings.TrimSpace(string(b)) == strconv.Itoa(os.Getpid()) {
			_ = os.Remove(path)
		}
	}
}
