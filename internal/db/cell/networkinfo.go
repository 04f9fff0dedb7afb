package cell

import (
	"time"

	"github.com/maypok86/otter/v2"

	"github.com/nova-go/nova/internal/objects"
)

// networkInfo parses the info caches of instances, and keeps what it parsed as
// long as the text stays the same: lists read the same texts again and again, and
// parsing them would be half of their cost.
type networkInfo struct {
	cache *otter.Cache[string, parsedNetwork]
}

type parsedNetwork struct {
	text string
	vifs []objects.VIF
}

// networks is the process's one: texts are their own proof, whatever database
// they come from.
var networks = networkInfo{otter.Must(&otter.Options[string, parsedNetwork]{
	MaximumSize: 4000, ExpiryCalculator: otter.ExpiryAccessing[string, parsedNetwork](time.Minute)})}

// parse answers the interfaces of an instance. They are shared: they must not be
// changed.
func (n *networkInfo) parse(uuid string, text []byte) ([]objects.VIF, error) {
	if held, ok := n.cache.GetIfPresent(uuid); ok && held.text == string(text) {
		return held.vifs, nil
	}
	vifs, err := objects.ParseNetworkInfo(text)
	if err == nil && len(vifs) > 0 {
		n.cache.Set(uuid, parsedNetwork{string(text), vifs})
	}
	return vifs, err
}
