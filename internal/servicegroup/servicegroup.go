// Package servicegroup decides which of Nova's services are up, from the database or from memcached
// ([DEFAULT] servicegroup_driver).
package servicegroup

import (
	"bytes"
	"crypto/sha1"
	"encoding/hex"
	"time"

	pickle "github.com/kisielk/og-rek"

	"github.com/nova-go/nova/internal/objects"
)

// Group knows the services that are up.
type Group struct {
	// DownTime is [DEFAULT] service_down_time: the age of the last report at which a service is down.
	DownTime time.Duration
	Now      func() time.Time
	// Cached returns a value of the memcached servers in which services report with servicegroup_driver = mc. Servers that do not
	// answer have no values, as in Nova. nil: services report to the database.
	Cached func(key string) ([]byte, bool)
}

// Up reports whether a service is up.
func (g *Group) Up(s *objects.Service) bool {
	if g.Cached == nil {
		return s.Up(g.Now(), g.DownTime)
	}
	if s.ForcedDown {
		return false
	}
	_, ok := g.reported(s)
	return ok
}

// UpdatedAt returns the time that os-services shows as updated_at: that of the row, or the later one of the report in memcached.
func (g *Group) UpdatedAt(s *objects.Service) *time.Time {
	if g.Cached == nil {
		return s.UpdatedAt
	}
	if at, ok := g.reported(s); ok && (s.UpdatedAt == nil || !at.Before(*s.UpdatedAt)) {
		return &at
	}
	return s.UpdatedAt
}

// reported returns the time of a service's last report in memcached. A report that is too old is none.
func (g *Group) reported(s *objects.Service) (time.Time, bool) {
	value, ok := g.Cached(Key(s))
	if !ok {
		return time.Time{}, false
	}
	at, written, ok := readReport(value)
	return at, ok && g.Now().Sub(written) <= g.DownTime
}

// Key returns the name of the value with the report of a service: oslo.cache names values by hashes.
func Key(s *objects.Service) string {
	sum := sha1.Sum([]byte(objects.OrZero(s.Topic) + ":" + s.Host)) //nolint:gosec // the name that oslo.cache gives it
	return hex.EncodeToString(sum[:])
}

// maxReport bounds the size of a report in bytes; services write about 240.
const maxReport = 4096

// readReport reads a report: a pickle of dogpile's CachedValue, with the time of the service and that of its writing.
func readReport(value []byte) (at, written time.Time, ok bool) {
	if len(value) > maxReport {
		return at, written, false
	}
	// The library does not know NEWOBJ, which newer protocols use for the value itself. Without memory of classes it is REDUCE.
	if head, is := bytes.CutSuffix(value, []byte("\x81\x94.")); is {
		value = append(bytes.Clone(head), 'R', '.')
	}
	decoded, err := pickle.NewDecoder(bytes.NewReader(value)).Decode()
	call, is := decoded.(pickle.Call)
	if err != nil || !is {
		return at, written, false
	}
	parts := call.Args
	if call.Callable.Name == "_reconstructor" && len(parts) == 3 { // copy_reg, of protocols 0 and 1: class, base and its value
		parts, _ = parts[2].(pickle.Tuple)
	}
	if len(parts) != 2 {
		return at, written, false
	}
	stamp, isCall := parts[0].(pickle.Call)
	metadata, isMap := parts[1].(map[any]any)
	if !isCall || !isMap || stamp.Callable.Name != "datetime" || len(stamp.Args) == 0 {
		return at, written, false
	}
	seconds, isNumber := metadata["ct"].(float64)
	at, isTime := readDatetime(stamp.Args[0])
	return at, time.UnixMicro(int64(seconds * 1e6)), isNumber && isTime
}

// readDatetime reads the state of a datetime: ten bytes.
func readDatetime(state any) (time.Time, bool) {
	var b string
	switch s := state.(type) {
	case pickle.Bytes:
		b = string(s)
	case string:
		b = s
	}
	if len(b) != 10 {
		return time.Time{}, false
	}
	micro := int(b[7])<<16 | int(b[8])<<8 | int(b[9])
	return time.Date(int(b[0])<<8|int(b[1]), time.Month(b[2]), int(b[3]), int(b[4]), int(b[5]), int(b[6]), micro*1000, time.UTC), true
}
