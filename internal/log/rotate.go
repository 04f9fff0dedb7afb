package log

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/nova-go/nova/config"
)

// rotation is [DEFAULT] log_rotation_type with what goes with it. The zero value
// leaves the file to others, as logrotate.
type rotation struct {
	size  int64                     // bytes at which the file is put aside; 0: never
	next  func(time.Time) time.Time // when a file of a time is put aside; nil: never
	stamp string                    // layout of the time in the name of what is put aside
	keep  int                       // files that are kept; 0: all, or by size none
	due   time.Time
}

// newRotation reads the options as Python's handlers, which oslo.log uses, take
// them.
func newRotation(cfg config.Log) rotation {
	r := rotation{keep: cfg.MaxLogfileCount}
	switch strings.ToLower(cfg.LogRotationType) {
	case "size":
		r.size = int64(cfg.MaxLogfileSizeMB) << 20
	case "interval":
		every := max(cfg.LogRotateInterval, 1)
		after := func(unit time.Duration) func(time.Time) time.Time {
			return func(t time.Time) time.Time { return t.Add(time.Duration(every) * unit) }
		}
		// midnight is the first one after some days.
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
		case "weekday": // the interval says which: 0 is Monday
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

func (r *rotation) on() bool { return r.size > 0 || r.next != nil }

// rotate puts the file aside if it is time to, before a line of n bytes is
// written. Others may write to the same file: those who find that it has another
// name by now open the new one. Failing to rotate is no reason not to log.
func (s *Sink) rotate(n int) {
	if s.file == nil {
		return
	}
	if now := time.Now(); now.Sub(s.looked) >= lookEvery {
		s.looked = now
		if s.moved() {
			s.reopen()
		}
	}
	if !s.rotation.on() || !s.ripe(n) {
		return
	}
	// Of all that write to the file one puts it aside.
	if syscall.Flock(int(s.file.Fd()), syscall.LOCK_EX) != nil {
		return
	}
	old := s.file
	if s.moved() {
		_ = syscall.Flock(int(old.Fd()), syscall.LOCK_UN)
		s.reopen()
		return
	}
	s.putAside()
	_ = syscall.Flock(int(old.Fd()), syscall.LOCK_UN)
	s.reopen()
}

// lookEvery is how often it is looked whether logrotate has moved the file: a busy
// service has no time to do so before each line, as Python's does.
const lookEvery = 100 * time.Millisecond

// moved tells whether the file no longer has its name.
func (s *Sink) moved() bool {
	there, err := os.Stat(s.path)
	if err != nil {
		return errors.Is(err, fs.ErrNotExist)
	}
	mine, err := s.file.Stat()
	return err == nil && !os.SameFile(there, mine)
}

func (s *Sink) ripe(n int) bool {
	if s.rotation.next != nil {
		return !time.Now().Before(s.rotation.due)
	}
	i, err := s.file.Stat()
	return err == nil && i.Size() > 0 && i.Size()+int64(n) >= s.rotation.size
}

// putAside renames the file, and those before it, as Python's handlers do: by
// size to .1, .2 and so on, by time to when it began.
func (s *Sink) putAside() {
	r := &s.rotation
	if r.size > 0 {
		for i := r.keep - 1; i > 0; i-- {
			_ = os.Rename(s.path+"."+strconv.Itoa(i), s.path+"."+strconv.Itoa(i+1))
		}
		if r.keep > 0 {
			_ = os.Rename(s.path, s.path+".1")
		}
		return // without a name to put it aside under the file grows on
	}
	// A file is called after the time that it is of, not that of its end.
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

// reopen opens the file by its name; if it cannot, the log goes on in the old one.
func (s *Sink) reopen() {
	f, err := openFile(s.path)
	if err != nil {
		return
	}
	_ = s.file.Close()
	s.use(f)
}

// use makes a file the one that is written to. A file that others began is as old
// as its last line.
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
