package cli

import (
	"errors"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"github.com/spf13/pflag"

	"github.com/nova-go/nova/internal/serve"
	"github.com/nova-go/nova/internal/serve/uwsgiini"
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

// uwsgi applies all settings of uWSGI files except listeners.
func (f *Flags) uwsgi(ini *uwsgiini.Config) error {
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
	return changeUser(ini.UID, ini.GID)
}

// writePidfile writes the pid of the process.
func writePidfile(path string) error {
	if path == "" {
		return nil
	}
	return os.WriteFile(path, fmt.Appendf(nil, "%d\n", os.Getpid()), 0o644)
}

// changeUser changes user and group of the process if it runs as root.
func changeUser(uid, gid string) error {
	if os.Geteuid() != 0 || uid == "" && gid == "" {
		return nil
	}
	u, g := -1, -1
	if uid != "" {
		found, err := user.Lookup(uid)
		if err != nil {
			if found, err = user.LookupId(uid); err != nil {
				return fmt.Errorf("uid: %w", err)
			}
		}
		u, _ = strconv.Atoi(found.Uid)
		g, _ = strconv.Atoi(found.Gid)
	}
	if gid != "" {
		found, err := user.LookupGroup(gid)
		if err != nil {
			if found, err = user.LookupGroupId(gid); err != nil {
				return fmt.Errorf("gid: %w", err)
			}
		}
		g, _ = strconv.Atoi(found.Gid)
	}
	if g >= 0 {
		if err := errors.Join(syscall.Setgroups([]int{g}), syscall.Setgid(g)); err != nil {
			return fmt.Errorf("gid: %w", err)
		}
	}
	if u >= 0 {
		if err := syscall.Setuid(u); err != nil {
			return fmt.Errorf("uid: %w", err)
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
