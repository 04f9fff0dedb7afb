package cli

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"github.com/nova-go/nova/internal/serve"
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
	ini, err := uwsgiini.Parse(args, os.LookupEnv)
	if err != nil {
		return err
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

// uwsgi applies the settings of uWSGI files that precede all others: environment, arguments,
// directory and mask.
func (f *Flags) uwsgi(ini *uwsgiini.Config) error {
	if err := readEnvDirs(ini.EnvDirs); err != nil {
		return err
	}
	for _, kv := range ini.Env {
		name, value, _ := strings.Cut(kv, "=")
		if err := os.Setenv(name, value); err != nil {
			return fmt.Errorf("env %s: %w", kv, err)
		}
	}
	for _, name := range ini.Unset {
		_ = os.Unsetenv(name)
	}
	if len(ini.Args) > 0 {
		fs := pflag.NewFlagSet("pyargv", pflag.ContinueOnError)
		fs.ParseErrorsAllowlist.UnknownFlags = true
		var files Flags
		files.registerFiles(fs)
		if err := fs.Parse(ini.Args); err != nil {
			return fmt.Errorf("pyargv: %w", err)
		}
		f.Files, f.Dirs = append(f.Files, files.Files...), append(f.Dirs, files.Dirs...)
	}
	if ini.Dir != "" {
		if err := os.Chdir(ini.Dir); err != nil {
			return fmt.Errorf("chdir: %w", err)
		}
	}
	if ini.Umask != nil {
		return setUmask(*ini.Umask)
	}
	return nil
}

// writePidfile writes the pid of the process.
func writePidfile(path string) error {
	if path == "" {
		return nil
	}
	return os.WriteFile(path, fmt.Appendf(nil, "%d\n", os.Getpid()), 0o644)
}

// readEnvDirs sets the variables of the files in directories, as uWSGI's envdir: the first line of
// a file is the value.
func readEnvDirs(dirs []string) error {
	for _, dir := range dirs {
		files, err := os.ReadDir(dir)
		if err != nil {
			return fmt.Errorf("envdir: %w", err)
		}
		for _, file := range files {
			if strings.HasPrefix(file.Name(), ".") || file.IsDir() {
				continue
			}
			b, err := os.ReadFile(filepath.Join(dir, file.Name()))
			if err == nil {
				value, _, _ := strings.Cut(string(b), "\n")
				err = os.Setenv(file.Name(), value)
			}
			if err != nil {
				return fmt.Errorf("envdir: %w", err)
			}
		}
	}
	return nil
}

// applyListeners copies the listeners and limits of the uWSGI files.
func applyListeners(ini *uwsgiini.Config, o *serve.Options) {
	for _, l := range ini.Listeners {
		switch l.Protocol {
		case "http":
			o.HTTP = append(o.HTTP, l.Address)
		case "https":
			o.HTTPS = append(o.HTTPS, serve.TLS{Addr: l.Address, CertFile: l.CertFile, KeyFile: l.KeyFile, ClientCAFile: l.ClientCAFile})
		case "uwsgi":
			o.UWSGI = append(o.UWSGI, l.Address)
		case "fcgi":
			o.FCGI = append(o.FCGI, l.Address)
		case "scgi":
			o.SCGI = append(o.SCGI, l.Address)
		}
	}
	o.SocketMode, o.Backlog, o.Header = ini.SocketMode, ini.Backlog, ini.Header
	o.WriteTimeout, o.DrainTimeout = ini.Timeout, ini.Drain
	if ini.SocketMode == 0 {
		o.SocketMode = 0o666 // uWSGI uses the umask; front servers run as other users
	}
}
