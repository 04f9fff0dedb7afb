package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/user"
	"syscall"

	"github.com/nova-go/nova/internal/serve/uwsgiini"
)

// Signals to a serving process, which Windows does not send.
const (
	reloadSignal  = syscall.SIGHUP
	reportSignal  = syscall.Signal(-1)
	replaceSignal = syscall.Signal(-2)
)

func signalProcess(option string, _ int) error {
	return fmt.Errorf("%s: Windows has no signals; end the process and start it again", option)
}

func setUmask(int) error { return errors.New("umask: Windows has no umask") }

func ownSession(*exec.Cmd) error {
	return errors.New("daemonize: Windows has no sessions; run the program as a service")
}

// umask returns none.
func umask() fs.FileMode { return 0 }

func setPriority(int) error { return errors.New("Windows has no nice values") }

func setFilesLimit(int) error { return errors.New("Windows does not limit open files") }

func makePipe(string) (*os.File, error) {
	return nil, errors.New("Windows has no named pipes in its file systems")
}

func lookupUser(string) (*user.User, int, error) {
	return nil, 0, errors.New("files have no owners by number on Windows")
}

func lookupGroup(string) (int, error) {
	return 0, errors.New("files have no owners by number on Windows")
}

// changesUser tells whether the process changes its user or its groups.
func changesUser(ini *uwsgiini.Config) bool {
	return ini != nil && (ini.UID != "" || ini.GID != "" || len(ini.AddGroups) > 0)
}

func changeUser(*uwsgiini.Config) error {
	return errors.New("uid, gid, add-gid: a process cannot change its user on Windows")
}

func redirectStandard(*os.File) error {
	return errors.New("logto: standard output cannot be redirected on Windows; use the log_file of nova.conf")
}
