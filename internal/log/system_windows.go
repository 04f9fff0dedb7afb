package log

import (
	"errors"
	"io"
	"os"

	"github.com/rs/zerolog"
)

// checkRotation returns an error for a rotation: Windows renames no file that a process has open.
func checkRotation(r rotationPolicy) error {
	if r.on() {
		return errors.New("log_rotation_type: files are not rotated on Windows, where open files cannot be renamed")
	}
	return nil
}

func lockFile(*os.File) error { return errors.ErrUnsupported }

func unlockFile(*os.File) {}

func openSyslog(string, string) (io.WriteCloser, error) {
	return nil, errors.New("use_syslog: Windows has no syslog")
}

func facilityName(int) string { return "" }

type journalLog struct{}

func openJournal(string, string) (*journalLog, error) { return nil, nil }

func (*journalLog) send(zerolog.Level, string, parsedEvent, []byte) {}
