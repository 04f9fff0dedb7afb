package volume

import (
	"encoding/json"
	"net/http"
	"strings"

	"github.com/nova-go/nova/internal/devcloud/resource"
)

// hasMetadata is the filter of lists by metadata, in Python's syntax: "{'a': 'b'}".
func hasMetadata(d resource.Doc, values []string) bool {
	var want map[string]string
	if err := json.Unmarshal([]byte(strings.ReplaceAll(values[0], "'", `"`)), &want); err != nil {
		return false
	}
	for k, v := range want {
		if resource.Object(d, "metadata")[k] != v {
			return false
		}
	}
	return true
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
