package network

import (
	"errors"
	"maps"
	"net/http"

	"github.com/google/uuid"

	"github.com/nova-go/nova/internal/devcloud/resource"
)

// providerFields are the attributes of a network with one segment, and the members of the segments
// of a network with several, by the name of the attribute of the segment.
var providerFields = map[string]string{"network_type": "provider:network_type", "physical_network": "provider:physical_network",
	"segmentation_id": "provider:segmentation_id"}

// segmentCollection is the collection of the segments of networks, for administrators.
func (s *Service) segmentCollection() collection {
	return collection{kind: segments, singular: "segment", class: "Segment", create: s.newSegment, forAdmins: true,
		readOnly: []string{"network_id", "network_type", "physical_network"},
		remove: func(d resource.Doc) error {
			if len(s.o.Store.Find(subnets, "segment_id", d["id"])) > 0 {
				return resource.Errorf(http.StatusConflict, "SegmentInUse",
					"Segment '%s' cannot be deleted: The segment is still associated with subnet(s).", d["id"])
			}
			if _, err := s.o.Store.Delete(segments, resource.Text(d, "id")); err != nil {
				return err
			}
			return s.showSegments(resource.Text(d, "network_id"))
		}}
}

func (s *Service) newSegment(r *resource.Request, id string, body resource.Doc) (resource.Doc, error) {
	for _, field := range []string{"network_id", "network_type"} {
		if body[field] == nil {
			return nil, bad("Failed to parse request. Required attribute '%s' not specified", field)
		}
	}
	if err := forAdmins(r, "create_segment"); err != nil {
		return nil, err
	}
	n := s.o.Store.Get(networks, resource.Text(body, "network_id"))
	if n == nil {
		return nil, resource.Errorf(http.StatusNotFound, "NetworkNotFound", "Network %s could not be found.", resource.Text(body, "network_id"))
	}
	d, err := s.segment(id, body)
	if err != nil {
		return nil, err
	}
	d["name"], d["description"] = resource.Or(body, "name", ""), resource.Or(body, "description", "")
	if err := s.o.Store.Put(segments, id, d); err != nil {
		return nil, err
	}
	return d, s.showSegments(resource.Text(n, "id"))
}

// segment returns a segment with the type and the number in body, or with the next free number.
func (s *Service) segment(id string, body resource.Doc) (resource.Doc, error) {
	now := s.o.Store.Now()
	d := resource.Doc{"id": id, "network_id": body["network_id"], "name": nil, "description": nil,
		"network_type": resource.Or(body, "network_type", "vxlan"), "physical_network": body["physical_network"],
		"segmentation_id": body["segmentation_id"], "created_at": now, "updated_at": now, "revision_number": 0}
	all := s.o.Store.All(segments)
	switch d["network_type"] {
	case "flat":
		d["segmentation_id"] = nil
		for _, other := range all {
			if other["network_type"] == "flat" && other["physical_network"] == d["physical_network"] {
				return nil, resource.Errorf(http.StatusConflict, "FlatNetworkInUse",
					"Unable to create the flat network. Physical network %v is in use.", d["physical_network"])
			}
		}
	case "local":
		d["segmentation_id"] = nil
	default:
		if d["segmentation_id"] == nil {
			d["segmentation_id"] = freeNumber(all)
		}
	}
	return d, nil
}

// freeNumber returns the first number that no segment has.
func freeNumber(all []resource.Doc) int64 {
	taken := map[int64]bool{}
	for _, d := range all {
		taken[resource.Int(d, "segmentation_id")] = true
	}
	n := int64(100)
	for taken[n] {
		n++
	}
	return n
}

// segmentsOf stores the segments of a new network, which the body describes with its attributes
// provider:* or with a list of segments. It stores all of them or none.
func (s *Service) segmentsOf(network string, body resource.Doc) error {
	given := resource.Docs(body, "segments")
	single := resource.Doc{}
	for _, attribute := range providerFields {
		if body[attribute] != nil {
			single[attribute] = body[attribute]
		}
	}
	switch {
	case len(given) > 0 && len(single) > 0:
		return resource.Errorf(http.StatusBadRequest, "SegmentsSetInConjunctionWithProviders",
			"Segments and provider values cannot both be set.")
	case len(given) == 0:
		given = []resource.Doc{single}
	}
	for _, one := range given {
		fields := resource.Doc{"network_id": network}
		for field, attribute := range providerFields {
			fields[field] = one[attribute]
		}
		id := uuid.NewString()
		d, err := s.segment(id, fields)
		if err != nil {
			return errors.Join(err, s.dropSegments(network))
		}
		if err := s.o.Store.Put(segments, id, d); err != nil {
			return err
		}
	}
	return nil
}

// providerOf returns the attributes of a network that show its segments: those of the segment if
// there is one, and the list "segments" if there are several.
func (s *Service) providerOf(network string) resource.Doc {
	list := []any{}
	for _, d := range s.o.Store.Find(segments, "network_id", network) {
		one := resource.Doc{}
		for field, attribute := range providerFields {
			one[attribute] = d[field]
		}
		list = append(list, one)
	}
	switch len(list) {
	case 0:
		return resource.Doc{}
	case 1:
		return list[0].(resource.Doc)
	}
	return resource.Doc{"segments": list}
}

// showSegments writes the segments of a network into its document.
func (s *Service) showSegments(network string) error {
	_, err := s.o.Store.Update(networks, network, func(n resource.Doc) error {
		delete(n, "segments")
		for _, attribute := range providerFields {
			delete(n, attribute)
		}
		maps.Copy(n, s.providerOf(network))
		return nil
	})
	return err
}

// dropSegments deletes the segments of a network.
func (s *Service) dropSegments(network string) error {
	for _, d := range s.o.Store.Find(segments, "network_id", network) {
		if _, err := s.o.Store.Delete(segments, resource.Text(d, "id")); err != nil {
			return err
		}
	}
	return nil
}
