//go:build unix

package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/user"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/nova-go/nova/internal/serve/uwsgiini"
)

// Signals to a serving process.
const (
	reloadSignal  = syscall.SIGHUP
	reportSignal  = syscall.SIGUSR1
	replaceSignal = syscall.SIGUSR2
)

// signalProcess sends the signal of uWSGI's --reload or --stop to a process.
func signalProcess(option string, pid int) error {
	if option == "--reload" {
		return syscall.Kill(pid, reloadSignal)
	}
	return syscall.Kill(pid, syscall.SIGTERM)
}

func setUmask(mask int) error {
	syscall.Umask(mask)
	return nil
}

// ownSession has a command start without a terminal.
func ownSession(cmd *exec.Cmd) error {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	return nil
}

// umask returns the mask of the process.
func umask() fs.FileMode {
	mask := syscall.Umask(0)
	syscall.Umask(mask)
	return fs.FileMode(mask)
}

// setPriority sets the nice value of the process.
func setPriority(nice int) error {
	threads, err := os.ReadDir("/proc/self/task") // Linux's priorities are those of threads; new ones inherit them
	if err != nil {
		return syscall.Setpriority(syscall.PRIO_PROCESS, 0, nice)
	}
	for _, thread := range threads {
		id, _ := strconv.Atoi(thread.Name())
		if err := syscall.Setpriority(syscall.PRIO_PROCESS, id, nice); err != nil {
			return err
		}
	}
	return nil
}

// setFilesLimit sets the number of files that the process may have open.
func setFilesLimit(n int) error {
	return syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: uint64(n), Max: uint64(n)})
}

// makePipe makes a named pipe of the user of the process, and opens it.
func makePipe(path string) (*os.File, error) {
	if err := unix.Mkfifo(path, 0o600); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	// For reading and writing, so that the pipe does not end with each of its writers.
	return os.OpenFile(path, os.O_RDWR|syscall.O_NONBLOCK, 0)
}

// changesUser tells whether the process changes its user or its groups.
func changesUser(ini *uwsgiini.Config) bool {
	return ini != nil && os.Geteuid() == 0 && (ini.UID != "" || ini.GID != "" || len(ini.AddGroups) > 0)
}

// changeUser changes user and groups of the process as uWSGI does: with gid, the process has this
// group and those of the user in the group file; without gid, the groups stay.
func changeUser(ini *uwsgiini.Config) error {
	owner, uid, err := lookupUser(ini.UID)
	if err != nil {
		return fmt.Errorf("uid: %w", err)
	}
	var groups []int
	if ini.GID != "" {
		gid, err := lookupGroup(ini.GID)
		if err != nil {
			return fmt.Errorf("gid: %w", err)
		}
		if owner != nil && !ini.NoInitGroups {
			groups = groupsOf(owner)
		}
		groups = append(groups, gid)
		if err := errors.Join(syscall.Setgroups(groups), syscall.Setgid(gid)); err != nil {
			return fmt.Errorf("gid: %w", err)
		}
	}
	if len(ini.AddGroups) > 0 {
		for _, name := range ini.AddGroups {
			gid, err := lookupGroup(name)
			if err != nil {
				return fmt.Errorf("add-gid: %w", err)
			}
			groups = append(groups, gid)
		}
		if err := syscall.Setgroups(groups); err != nil {
			return fmt.Errorf("add-gid: %w", err)
		}
	}
	if ini.UID == "" {
		return nil
	}
	if err := syscall.Setuid(uid); err != nil {
		return fmt.Errorf("uid: %w", err)
	}
	return nil
}

// lookupUser finds a user by name or number. A number need not be in the user file; the user is nil
// then.
func lookupUser(name string) (*user.User, int, error) {
	if name == "" {
		return nil, 0, nil
	}
	found, err := user.Lookup(name)
	if id, numeric := strconv.Atoi(name); err != nil && numeric == nil {
		if found, err = user.LookupId(name); err != nil {
			return nil, id, nil
		}
	}
	if err != nil {
		return nil, 0, err
	}
	id, err := strconv.Atoi(found.Uid)
	return found, id, err
}

func lookupGroup(name string) (int, error) {
	if id, err := strconv.Atoi(name); err == nil {
		return id, nil
	}
	found, err := user.LookupGroup(name)
	if err != nil {
		return 0, err
	}
	return strconv.Atoi(found.Gid)
}

// groupsOf returns the groups of a user in the group file.
func groupsOf(u *user.User) []int {
	ids, _ := u.GroupIds()
	var groups []int
	for _, id := range ids {
		if n, err := strconv.Atoi(id); err == nil && id != u.Gid {
			groups = append(groups, n)
		}
	}
	return groups
}

// redirectStandard makes a file standard output and standard error of the process, also for what the Go runtime writes.
func redirectStandard(file *os.File) error {
	return errors.Join(unix.Dup2(int(file.Fd()), 1), unix.Dup2(int(file.Fd()), 2))
}
