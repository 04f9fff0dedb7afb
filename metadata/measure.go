package metadata

import (
	"net/http"
	"strings"

	"github.com/nova-go/nova/internal/metrics"
	"github.com/nova-go/nova/metadata/internal/tree"
)

// operations are the operations of the metrics: one per leaf of either tree, and one for the
// listings of each.
type operations map[string]*metrics.Operation

func newOperations(m *metrics.Metrics) operations {
	all := operations{}
	for _, name := range tree.Leaves() {
		all[name] = m.Operation(name)
	}
	return all
}

// of returns the operation and the version of a request's path; nil for an unknown path, or one
// that is not clean, such as a path with "..".
func (o operations) of(r *http.Request) (*metrics.Operation, string) {
	name, version := tree.Leaf(strings.TrimPrefix(r.URL.Path, "/"))
	return o[name], version
}
