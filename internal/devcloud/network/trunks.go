package network

import (
	"fmt"
	"net/http"
	"slices"

	"github.com/nova-go/nova/internal/devcloud/resource"
)

// trunkCollection is the collection of trunks: a port with sub ports for VLANs.
func (s *Service) trunkCollection() collection {
	return collection{kind: trunks, singular: "trunk", class: "Trunk", create: s.newTrunk,
		readOnly: []string{"port_id", "sub_ports", "status"},
		remove:   func(d resource.Doc) error { return s.showTrunk(resource.Text(d, "port_id"), nil) }}
}

func (s *Service) registerTrunks(c collection) {
	path := c.path() + "/{id}"
	s.mux.Handle("GET "+path+"/get_subports", func(r *resource.Request) (any, error) {
		d, err := s.find(c, r)
		return map[string]any{"sub_ports": resource.List(d, "sub_ports")}, err
	})
	s.mux.Handle("PUT "+path+"/add_subports", s.changeSubPorts(c, s.addSubPorts))
	s.mux.Handle("PUT "+path+"/remove_subports", s.changeSubPorts(c, removeSubPorts))
}

func (s *Service) newTrunk(r *resource.Request, id string, body resource.Doc) (resource.Doc, error) {
	parent := resource.Text(body, "port_id")
	if err := s.trunkPort(r, parent); err != nil {
		return nil, err
	}
	d := s.commonFields(id, r.Project(body), body)
	d["port_id"], d["admin_state_up"], d["status"] = parent, resource.Or(body, "admin_state_up", true), "DOWN"
	d["sub_ports"] = []any{}
	if s.o.Store.Get(ports, parent)["status"] == "ACTIVE" {
		d["status"] = "ACTIVE"
	}
	list, err := s.addSubPorts(r, d, resource.Docs(body, "sub_ports"))
	if err != nil {
		return nil, err
	}
	d["sub_ports"] = list
	return d, s.showTrunk(parent, d)
}

// trunkPort refuses a port that does not exist or belongs to a trunk.
func (s *Service) trunkPort(r *resource.Request, id string) error {
	p := s.o.Store.Get(ports, id)
	if p == nil || !r.Caller.Can(resource.Text(p, "project_id")) {
		return resource.Errorf(http.StatusNotFound, "PortNotFound", "Port %s could not be found.", id)
	}
	parent, sub := s.trunkOf(id)
	switch {
	case parent != nil:
		return resource.Errorf(http.StatusConflict, "ParentPortInUse",
			"Port %s is currently in use and is not eligible for use as a parent port.", id)
	case sub != nil:
		return resource.Errorf(http.StatusConflict, "TrunkPortInUse", "Port %s is in use by another trunk.", id)
	}
	return nil
}

// trunkOf returns the trunk that has a port as its parent, and the one that has it as a sub port.
func (s *Service) trunkOf(port string) (parent, sub resource.Doc) {
	for _, t := range s.o.Store.All(trunks) {
		if t["port_id"] == port {
			parent = t
		}
		if slices.ContainsFunc(resource.Docs(t, "sub_ports"), func(p resource.Doc) bool { return p["port_id"] == port }) {
			sub = t
		}
	}
	return parent, sub
}

// inTrunk refuses the deletion of a port of a trunk.
func (s *Service) inTrunk(port string) error {
	parent, sub := s.trunkOf(port)
	switch {
	case parent != nil:
		return resource.Errorf(http.StatusConflict, "PortInUseAsTrunkParent", "Port %s is currently a parent port for trunk %s.", port,
			parent["id"])
	case sub != nil:
		return resource.Errorf(http.StatusConflict, "PortInUseAsSubPort", "Port %s is currently a subport for trunk %s.", port, sub["id"])
	}
	return nil
}

// changeSubPorts returns a handler that replaces the sub ports of a trunk by what f returns.
func (s *Service) changeSubPorts(c collection, f func(r *resource.Request, trunk resource.Doc, given []resource.Doc) ([]any,
	error)) resource.Handler {
	return func(r *resource.Request) (any, error) {
		d, err := s.find(c, r)
		if err != nil {
			return nil, err
		}
		body, err := r.Body("")
		if err != nil {
			return nil, err
		}
		list, err := f(r, d, resource.Docs(body, "sub_ports"))
		if err != nil {
			return nil, err
		}
		d, err = s.o.Store.Update(trunks, resource.Text(d, "id"), func(d resource.Doc) error {
			d["sub_ports"], d["updated_at"] = list, s.o.Store.Now()
			return nil
		})
		if err != nil {
			return nil, err
		}
		return resource.Shown(d), s.showTrunk(resource.Text(d, "port_id"), d)
	}
}

func (s *Service) addSubPorts(r *resource.Request, trunk resource.Doc, given []resource.Doc) ([]any, error) {
	list := slices.Clone(resource.List(trunk, "sub_ports"))
	for _, p := range given {
		id, kind, segment := resource.Text(p, "port_id"), resource.Text(p, "segmentation_type"), p["segmentation_id"]
		if kind == "" || segment == nil {
			return nil, resource.Errorf(http.StatusBadRequest, "InvalidInput", "Invalid input for operation: Invalid subport details '%v': "+
				"missing segmentation information. Must specify both segmentation_id and segmentation_type.", p)
		}
		if kind != "vlan" && kind != "inherit" {
			return nil, resource.Errorf(http.StatusBadRequest, "InvalidInput", "Invalid input for operation: Unknown segmentation_type '%s'.",
				kind)
		}
		if err := s.trunkPort(r, id); err != nil {
			return nil, err
		}
		for _, old := range resource.Docs(resource.Doc{"": list}, "") {
			if old["segmentation_type"] == kind && fmt.Sprint(old["segmentation_id"]) == fmt.Sprint(segment) {
				return nil, resource.Errorf(http.StatusConflict, "DuplicateSubPort",
					"segmentation_type %s and segmentation_id %v already in use on trunk %s.", kind, segment, trunk["id"])
			}
		}
		list = append(list, resource.Doc{"port_id": id, "segmentation_type": kind, "segmentation_id": segment})
	}
	return list, nil
}

func removeSubPorts(_ *resource.Request, trunk resource.Doc, given []resource.Doc) ([]any, error) {
	list := slices.Clone(resource.List(trunk, "sub_ports"))
	for _, p := range given {
		n := slices.IndexFunc(list, func(old any) bool { return old.(resource.Doc)["port_id"] == p["port_id"] })
		if n < 0 {
			return nil, resource.Errorf(http.StatusNotFound, "SubPortNotFound", "SubPort %v on trunk %s could not be found.", p["port_id"],
				trunk["id"])
		}
		list = slices.Delete(list, n, n+1)
	}
	return list, nil
}

// showTrunk writes a trunk, or none, into the document of its parent port.
func (s *Service) showTrunk(port string, trunk resource.Doc) error {
	_, err := s.o.Store.Update(ports, port, func(d resource.Doc) error {
		delete(d, "trunk_details")
		if trunk == nil {
			return nil
		}
		subs := []any{}
		for _, p := range resource.Docs(trunk, "sub_ports") {
			subs = append(subs, resource.Doc{"port_id": p["port_id"], "segmentation_type": p["segmentation_type"],
				"segmentation_id": p["segmentation_id"],
				"mac_address":     s.o.Store.Get(ports, resource.Text(p, "port_id"))["mac_address"]})
		}
		d["trunk_details"] = resource.Doc{"trunk_id": trunk["id"], "sub_ports": subs}
		return nil
	})
	return err
}
