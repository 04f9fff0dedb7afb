package volume

import (
	"net/http"

	"github.com/nova-go/nova/internal/devcloud/resource"
)

// hasMetadata is the filter of lists by metadata.
func hasMetadata(d resource.Doc, values []string) bool {
	return resource.HasPairs(d, "metadata", values[0])
}

// registerMetadata registers the operations on the metadata of volumes or of snapshots.
func (s *Service) registerMetadata(kind string) {
	resource.Metadata{Store: s.o.Store, Kind: kind,
		Find: func(r *resource.Request) (resource.Doc, error) { return s.find(kind, r.PathValue("id"), r.Caller) },
		Absent: func(r *resource.Request) error {
			return resource.Errorf(http.StatusNotFound, "", "%s %s has no metadata with key %s.", resourceNames[kind][1], r.PathValue("id"),
				r.PathValue("key"))
		}}.Register(s.mux, "/v3/"+kind+"/{id}/metadata")
}
