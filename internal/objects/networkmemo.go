package objects

import (
	"time"

	"github.com/maypok86/otter/v2"
)

// NetworkMemo parses the info caches of instances, and keeps what it parsed as
// long as the text stays the same: lists read the same texts again and again, and
// parsing them would be half of their cost. A nil memo parses each time.
type NetworkMemo struct {
	cache *otter.Cache[string, parsedNetwork]
}

type parsedNetwork struct {
	text string
	vifs []VIF
}

// NewNetworkMemo makes a memo of some thousand instances, which forgets what
// nobody looked at for a minute.
func NewNetworkMemo() *NetworkMemo {
	return &NetworkMemo{otter.Must(&otter.Options[string, parsedNetwork]{
		MaximumSize: 4000, ExpiryCalculator: otter.ExpiryAccessing[string, parsedNetwork](time.Minute)})}
}

// Parse answers the interfaces of an instance. They are shared: they must not be
// changed.
func (m *NetworkMemo) Parse(uuid string, text []byte) ([]VIF, error) {
	if m == nil {
		return ParseNetworkInfo(text)
	}
	if held, ok := m.cache.GetIfPresent(uuid); ok && held.text == string(text) {
		return held.vifs, nil
	}
	vifs, err := ParseNetworkInfo(text)
	if err == nil && len(vifs) > 0 {
		m.cache.Set(uuid, parsedNetwork{string(text), vifs})
	}
	return vifs, err
}
