package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"github.com/nova-go/nova/internal/middleware"
	"github.com/nova-go/nova/internal/serve/uwsgiini"
)

// output is where the process writes besides Nova's own log: the file that receives standard output and
// standard error in place of the terminal (uWSGI's logto), and the log of requests.
type output struct {
	process  *outputFile // nil: standard output and standard error stay
	requests *outputFile // nil: standard error
	log      uwsgiini.Log
	served   string      // the file of daemonize2, in the place of that of process when the process serves
	umask    bool        // the umask is 0 from then on
	daemon   *daemonized // nil: the process was started directly
}

// output opens the files of the flags and of the uWSGI files.
func (f *Flags) output(ini *uwsgiini.Config) (*output, error) {
	o := &output{}
	if ini != nil {
		o.log, o.served, o.umask = ini.Log, ini.Daemonize2, ini.Umask == nil
	}
	if f.AccessLog != "" {
		o.log.Requests = &uwsgiini.RequestFilter{All: true}
		if o.log.RequestFile = f.AccessLog; f.AccessLog == "-" {
			o.log.RequestFile = ""
		}
	}
	if f.AccessFormat != "" {
		o.log.Format = f.AccessFormat
	}
	var err error
	if path := o.log.File; path != "" {
		if path, err = filepath.Abs(path); err != nil { // before chdir, as for uWSGI
			return nil, err
		}
		o.process = &outputFile{path: path, mode: o.log.Mode, standard: true}
		if o.log.Logger {
			o.process.mode = 0
		}
		if o.log.Truncate {
			_ = os.Truncate(path, 0)
		}
		if !o.log.Late {
			err = o.process.reopen()
		}
	}
	if path := o.log.RequestFile; path != "" && err == nil {
		o.requests = &outputFile{path: path}
		if ini == nil {
			err = o.requests.reopen()
		} // else with the first line, as uWSGI does
	}
	return o, err
}

// openLate opens the file of logto2 or logger, as the user of the process.
func (o *output) openLate() error {
	if o.log.Late {
		return o.process.reopen()
	}
	return nil
}

// reopen opens the files again, after another program has renamed them.
func (o *output) reopen() error {
	return errors.Join(o.process.reopen(), o.requests.reopen())
}

// rotate renames the file of the process, as uWSGI's command L of master-fifo does, and begins a new one.
func (o *output) rotate() error {
	if o.process == nil {
		return nil
	}
	old := cmp.Or(o.log.BackupName, o.process.path+"."+strconv.FormatInt(time.Now().Unix(), 10))
	if err := os.Rename(o.process.path, old); err != nil {
		return err
	}
	return o.process.reopen()
}

// accessLog adds the log of requests to the application.
func (o *output) accessLog(app http.Handler) http.Handler {
	if o.log.Requests == nil {
		return app
	}
	var to io.Writer = os.Stderr
	if o.requests != nil {
		to = o.requests
	}
	f := *o.log.Requests
	var quiet []*regexp.Regexp
	for _, pattern := range o.log.QuietAgents {
		quiet = append(quiet, regexp.MustCompile(pattern)) // compiled by package uwsgiini before
	}
	timeFormat := ""
	if o.log.TimeFormat {
		timeFormat = o.log.DateFormat
	}
	return middleware.AccessLog(middleware.AccessLogOptions{Format: o.log.Format, TimeFormat: timeFormat, Micros: o.log.Micros,
		Out: to, Forwarded: o.log.Forwarded,
		Select: func(a middleware.Access) bool {
			if slices.ContainsFunc(quiet, func(re *regexp.Regexp) bool { return re.MatchString(a.Request.UserAgent()) }) {
				return false
			}
			return !killedByHarakiri(a.Request.Context()) && (f.All ||
				f.ClientErrors && a.Status/100 == 4 || f.ServerErrors && a.Status/100 == 5 || f.Empty && a.Size == 0 ||
				f.Slow > 0 && a.Took >= f.Slow || f.Big > 0 && a.Size > f.Big)
		}})(app)
}

// watch reopens or rotates the files when the modification time of a file of touch-logreopen or touch-logrotate changes.
func (o *output) watch(ctx context.Context, log zerolog.Logger) {
	if len(o.log.Reopen)+len(o.log.Rotate) == 0 {
		return
	}
	touched, rotated := make(chan struct{}), make(chan struct{})
	for _, path := range o.log.Reopen {
		go watchFile(ctx, path, time.Second, touched)
	}
	for _, path := range o.log.Rotate {
		go watchFile(ctx, path, time.Second, rotated)
	}
	for {
		select {
		case <-ctx.Done():
			return
		case <-touched:
			if err := o.reopen(); err != nil {
				log.Error().Err(err).Msg("the log file cannot be reopened")
			}
		case <-rotated:
			if err := o.rotate(); err != nil {
				log.Error().Err(err).Msg("the log file cannot be rotated")
			}
		}
	}
}

// outputFile is a file to which lines are appended.
type outputFile struct {
	path     string
	mode     fs.FileMode // 0: uWSGI's, 0640
	standard bool        // the file is standard output and standard error

	mutex sync.RWMutex
	file  *os.File
}

// reopen opens the file of the path in place of the one that is open. A nil outputFile is no error.
func (f *outputFile) reopen() error {
	if f == nil {
		return nil
	}
	file, err := os.OpenFile(f.path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o640)
	if err == nil && f.mode != 0 {
		err = file.Chmod(f.mode)
	}
	if err == nil && f.standard {
		err = redirectStandard(file)
	}
	if err != nil {
		return fmt.Errorf("log file: %w", err)
	}
	f.mutex.Lock()
	defer f.mutex.Unlock()
	if f.file != nil {
		_ = f.file.Close()
	}
	f.file = file
	return nil
}

// Write implements io.Writer. A line is one write, which the system appends as a whole.
func (f *outputFile) Write(line []byte) (int, error) {
	f.mutex.RLock()
	defer f.mutex.RUnlock()
	if f.file == nil {
		f.mutex.RUnlock()
		err := f.reopen()
		f.mutex.RLock()
		if err != nil {
			return 0, err
		}
	}
	return f.file.Write(line)
}
