package objects

import (
	"time"

	"github.com/maypok86/otter/v2"
)

// NetworkMemo caches the parsed info caches of instances, by instance and text. Lists read the same texts repeatedly, and
// without the cache parsing them takes half of the processor time of a list. A nil *NetworkMemo parses each time.
type NetworkMemo struct {
	cache *otter.Cache[string, parsedNetwork]
}

// parsedNetwork is an entry of the cache: the text, and the interfaces that were parsed from it.
type parsedNetwork struct {
	text string
	vifs []VIF
}

// NewNetworkMemo returns a cache of at most 4000 instances. Entries expire one minute after their last use.
func NewNetworkMemo() *NetworkMemo {
	return &NetworkMemo{otter.Must(&otter.Options[string, parsedNetwork]{
		MaximumSize: 4000, ExpiryCalculator: otter.ExpiryAccessing[string, parsedNetwork](time.Minute)})}
}

// Parse returns the interfaces of an instance. Callers share the result and must not change it.
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
