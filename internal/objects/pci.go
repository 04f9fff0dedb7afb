package objects

import "encoding/json"

// ParsePCIRequests reads instance_extra.pci_requests, a list of plain members,
// into an InstancePCIRequests object; no text is no requests.
func ParsePCIRequests(instance string, text []byte) (*Versioned, error) {
	var list []struct {
		Count       int64               `json:"count"`
		Spec        []map[string]string `json:"spec"`
		Alias       *string             `json:"alias_name"`
		NUMAPolicy  *string             `json:"numa_policy"`
		RequestID   *string             `json:"request_id"`
		RequesterID *string             `json:"requester_id"`
	}
	if len(text) > 0 {
		if err := json.Unmarshal(text, &list); err != nil {
			return nil, err
		}
	}
	requests := []*Versioned{}
	for _, r := range list {
		if r.NUMAPolicy == nil {
			r.NUMAPolicy = new(string)
			*r.NUMAPolicy = "legacy"
		}
		requests = append(requests, NewVersioned("InstancePCIRequest", "1.4", map[string]any{"count": r.Count, "spec": r.Spec, "alias_name": r.Alias,
			"is_new": false, "numa_policy": r.NUMAPolicy, "request_id": r.RequestID, "requester_id": r.RequesterID}))
	}
	return NewVersioned("InstancePCIRequests", "1.1", map[string]any{"requests": requests, "instance_uuid": instance}), nil
}
