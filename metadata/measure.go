package metadata

import (
	"net/http"
	"strings"

	"github.com/nova-go/nova/internal/metrics"
	"github.com/nova-go/nova/metadata/internal/tree"
)

// operations are what requests are counted as: a name for each leaf of both sides,
// and one for their listings.
type operations map[string]*metrics.Operation

func newOperations(m *metrics.Metrics) operations {
	all := operations{}
	for _, name := range tree.Leaves() {
		all[name] = m.Operation(name)
	}
	return all
}

// of tells what a request is about by its path alone: a path that nobody would
// write so, as one with "..", counts as none.
func (o operations) of(r *http.Request) (*metrics.Operation, string) {
	name, version := tree.Leaf(strings.TrimPrefix(r.URL.Path, "/"))
	return o[name], version
}
