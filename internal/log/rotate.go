package log

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/nova-go/nova/config"
)

// rotationPolicy is [DEFAULT] log_rotation_type with its options. The zero value leaves the rotation
// to other programs such as logrotate.
type rotationPolicy struct {
	size  int64                     // size in bytes at which the file is rotated; 0: never
	next  func(time.Time) time.Time // the time at which a file of a given time is rotated; nil: never
	stamp string                    // layout of the time in the name of a rotated file
	keep  int                       // number of files to keep; 0: all, or none with rotation by size
	due   time.Time
}

// newRotation reads the options as oslo.log and Python's handlers do.
func newRotation(cfg config.Log) rotationPolicy {
	r := rotationPolicy{keep: cfg.MaxLogfileCount}
	switch strings.ToLower(cfg.LogRotationType) {
	case "size":
		r.size = int64(cfg.MaxLogfileSizeMB) << 20
	case "interval":
		every := max(cfg.LogRotateInterval, 1)
		after := func(unit time.Duration) func(time.Time) time.Time {
			return func(t time.Time) time.Time { return t.Add(time.Duration(every) * unit) }
		}
		// midnight returns the first midnight after the given number of days.
		midnight := func(t time.Time, days int) time.Time {
			return time.Date(t.Year(), t.Month(), t.Day()+days, 0, 0, 0, 0, t.Location())
		}
		switch strings.ToLower(cfg.LogRotateIntervalType) {
		case "seconds":
			r.next, r.stamp = after(time.Second), "2006-01-02_15-04-05"
		case "minutes":
			r.next, r.stamp = after(time.Minute), "2006-01-02_15-04"
		case "hours":
			r.next, r.stamp = after(time.Hour), "2006-01-02_15"
		case "weekday": // the interval is the weekday: 0 is Monday
			r.stamp = time.DateOnly
			r.next = func(t time.Time) time.Time {
				monday := (int(t.Weekday()) + 6) % 7
				return midnight(t, (cfg.LogRotateInterval%7-monday+7)%7+1)
			}
		case "midnight":
			r.next, r.stamp = func(t time.Time) time.Time { return midnight(t, every) }, time.DateOnly
		default:
			r.next, r.stamp = after(24*time.Hour), time.DateOnly
		}
	}
	return r
}

// checkWeekday refuses weekdays that Python's handler refuses.
func checkWeekday(cfg config.Log) error {
	interval := strings.EqualFold(cfg.LogRotationType, "interval") && strings.EqualFold(cfg.LogRotateIntervalType, "weekday")
	if day := cfg.LogRotateInterval; interval && (day < 0 || day > 6) {
		return fmt.Errorf("log_rotate_interval: %d is not a weekday: 0 is Monday, 6 is Sunday", day)
	}
	return nil
}

func (r *rotationPolicy) on() bool { return r.size > 0 || r.next != nil }

// rotate rotates the file if it is due, before a line of n bytes is written. Several processes
// may write to the same file: one renames it, and the others then open the new one. If the
// rotation fails, the log continues in the old file.
func (s *Sink) rotate(n int) {
	if s.file == nil {
		return
	}
	if now := time.Now(); now.Sub(s.looked) >= checkInterval {
		s.looked = now
		if s.moved() {
			s.reopen()
		}
	}
	if !s.rotation.on() || !s.rotationDue(n) {
		return
	}
	// The lock lets only one process rotate the file.
	if lockFile(s.file) != nil {
		return
	}
	old := s.file
	if s.moved() {
		unlockFile(old)
		s.reopen()
		return
	}
	s.rename()
	unlockFile(old)
	s.reopen()
}

// checkInterval is the interval of checks whether logrotate has renamed the file. Python checks
// before each line, which is too expensive for a busy service.
const checkInterval = 100 * time.Millisecond

// moved reports whether the path no longer names the open file.
func (s *Sink) moved() bool {
	there, err := os.Stat(s.path)
	if err != nil {
		return errors.Is(err, fs.ErrNotExist)
	}
	mine, err := s.file.Stat()
	return err == nil && !os.SameFile(there, mine)
}

func (s *Sink) rotationDue(n int) bool {
	if s.rotation.next != nil {
		return !time.Now().Before(s.rotation.due)
	}
	i, err := s.file.Stat()
	return err == nil && i.Size() > 0 && i.Size()+int64(n) >= s.rotation.size
}

// rename renames the file and the earlier ones as Python's handlers do: with rotation by size
// to .1, .2 and so on, with rotation by time to the begin of their period.
func (s *Sink) rename() {
	r := &s.rotation
	if r.size > 0 {
		for i := r.keep - 1; i > 0; i-- {
			_ = os.Rename(s.path+"."+strconv.Itoa(i), s.path+"."+strconv.Itoa(i+1))
		}
		if r.keep > 0 {
			_ = os.Rename(s.path, s.path+".1")
		}
		return // if no name is available, the file grows
	}
	// The suffix is the begin of the file's period, not its end.
	began := r.due.Add(-r.next(r.due).Sub(r.due))
	_ = os.Rename(s.path, s.path+"."+began.Format(r.stamp))
	if r.keep <= 0 {
		return
	}
	files, _ := filepath.Glob(s.path + ".*")
	files = slices.DeleteFunc(files, func(f string) bool {
		_, err := time.Parse(r.stamp, strings.TrimPrefix(f, s.path+"."))
		return err != nil
	})
	slices.Sort(files)
	for _, f := range files[:max(len(files)-r.keep, 0)] {
		_ = os.Remove(f)
	}
}

// reopen opens the file at its path; if that fails, the log continues in the old file.
func (s *Sink) reopen() {
	f, err := openFile(s.path)
	if err != nil {
		return
	}
	_ = s.file.Close()
	s.use(f)
}

// use switches the output to a file. The age of an existing file is that of its last line.
func (s *Sink) use(f *os.File) {
	s.file = f
	if s.rotation.next == nil {
		return
	}
	began := time.Now()
	if i, err := f.Stat(); err == nil && i.Size() > 0 {
		began = i.ModTime()
	}
	s.rotation.due = s.rotation.next(began)
}
