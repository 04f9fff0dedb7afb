package cli

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/nova-go/nova/internal/serve/uwsgiini"
	"github.com/nova-go/nova/internal/version"
)

// CalledUWSGI reports whether the process was started with the name uwsgi, and therefore reads
// uWSGI's command line.
func CalledUWSGI() bool {
	name := filepath.Base(os.Args[0])
	return name == "uwsgi" || strings.HasPrefix(name, "uwsgi-") || strings.HasPrefix(name, "uwsgi_")
}

// MainUWSGI is Main for a process with the name uwsgi. It hosts the program that the command
// line or its files name.
func MainUWSGI(programs ...Program) {
	exitWithError("uwsgi", serveUWSGI(os.Args[1:], programs))
}

func serveUWSGI(args []string, programs []Program) error {
	if done, err := controlUWSGI(args); done {
		return err
	}
	ini, err := uwsgiini.Parse(append(uwsgiini.EnvironmentOptions(os.Environ()), args...), os.LookupEnv)
	if err != nil {
		return err
	}
	if len(ini.Listeners) == 0 && os.Getenv("LISTEN_FDS") == "" {
		return errors.New("no socket: uWSGI's files have to say where to listen, unless systemd does")
	}
	for _, p := range programs {
		if p.App == ini.App {
			return host(&Flags{}, p, ini)
		}
	}
	if ini.App == "" {
		return errors.New("no module, wsgi or wsgi-file names nova.wsgi.osapi_compute or nova.wsgi.metadata")
	}
	return fmt.Errorf("%s is not in this program: nova-api hosts both applications under the name uwsgi", ini.App)
}

// controlUWSGI carries out the commands of uWSGI that start no service: --version, and --reload and --stop with the pid file of
// a running one.
func controlUWSGI(args []string) (done bool, err error) {
	for i, arg := range args {
		name, path, given := strings.Cut(arg, "=")
		if !given && i+1 < len(args) {
			path = args[i+1]
		}
		switch name {
		case "--version":
			fmt.Println(version.Number)
			return true, nil
		case "--reload", "--stop":
			return true, signalPidfile(name, path)
		}
	}
	return false, nil
}

// signalPidfile sends the signal of --reload or --stop to the process of a pid file.
func signalPidfile(option, path string) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(b)))
	if err != nil || pid <= 0 {
		return fmt.Errorf("%s contains no process id", path)
	}
	if err := signalProcess(option, pid); err != nil {
		return fmt.Errorf("%s: process %d: %w", path, pid, err)
	}
	return nil
}
