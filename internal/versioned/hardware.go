package versioned

import (
	"encoding/json"

	"github.com/nova-go/nova/internal/objects"
)

// ImageMeta returns an image as created for a request; nil for nil.
func ImageMeta(m *objects.ImageMeta) *Object {
	if m == nil {
		return nil
	}
	data := map[string]any{"properties": Made("ImageMetaProps", copied(m.Properties))}
	for name, value := range m.Attributes {
		data[name] = value
	}
	return Made("ImageMeta", data)
}

func copied(m map[string]any) map[string]any {
	c := make(map[string]any, len(m))
	for k, v := range m {
		c[k] = v
	}
	return c
}

func parseImageMeta(v *Object) *objects.ImageMeta {
	if v == nil {
		return nil
	}
	m := &objects.ImageMeta{Attributes: map[string]any{}, Properties: objects.ImageProperties{}}
	for name, value := range v.Data {
		if name != "properties" {
			m.Attributes[name] = value
		}
	}
	if p := v.Object("properties"); p != nil {
		m.Properties = p.Data
	}
	return m
}

// NUMATopology returns a NUMA topology as created for a request; nil for nil.
func NUMATopology(t *objects.NUMATopology) *Object {
	if t == nil {
		return nil
	}
	cells := each(t.Cells, func(c objects.NUMACell) *Object {
		var reserved, pinning any
		if c.ReservedCPUs != nil {
			reserved = c.ReservedCPUs
		}
		if c.Pinning != nil {
			pinning = c.Pinning
		}
		data := map[string]any{"id": c.ID, "cpuset": orEmpty(c.CPUs), "pcpuset": orEmpty(c.PinnedCPUs), "memory": c.MemoryMB,
			"cpuset_reserved": reserved,
			"cpu_pinning_raw": pinning, "pagesize": c.PageSizeKB, "cpu_policy": c.CPUPolicy, "cpu_thread_policy": c.CPUThreadPolicy}
		if p := c.CPUTopology; p != nil {
			data["cpu_topology"] = Made("VirtCPUTopology", map[string]any{"sockets": p.Sockets, "cores": p.Cores, "threads": p.Threads})
		}
		return Made("InstanceNUMACell", data)
	})
	data := map[string]any{"cells": orEmpty(cells), "emulator_threads_policy": t.EmulatorThreadsPolicy}
	if t.InstanceUUID != "" {
		data["instance_uuid"] = t.InstanceUUID
	}
	return Made("InstanceNUMATopology", data)
}

// ParseNUMATopology parses instance_extra.numa_topology; it returns nil for an empty text.
func ParseNUMATopology(text []byte) (*objects.NUMATopology, error) {
	v, err := Parse(text)
	if err != nil || v == nil {
		return nil, err
	}
	return parseNUMATopology(v)
}

func parseNUMATopology(v *Object) (*objects.NUMATopology, error) {
	if v == nil {
		return nil, nil
	}
	t := &objects.NUMATopology{EmulatorThreadsPolicy: v.text("emulator_threads_policy"), InstanceUUID: v.Text("instance_uuid")}
	for _, o := range v.Objects("cells") {
		var d struct {
			ID       int64            `json:"id"`
			CPUs     []int            `json:"cpuset"`
			Pinned   []int            `json:"pcpuset"`
			Reserved []int            `json:"cpuset_reserved"`
			Memory   int64            `json:"memory"`
			PageSize *int64           `json:"pagesize"`
			Pinning  map[string]int64 `json:"cpu_pinning_raw"`
			Policy   *string          `json:"cpu_policy"`
			Threads  *string          `json:"cpu_thread_policy"`
		}
		if err := o.Decode(&d); err != nil {
			return nil, err
		}
		c := objects.NUMACell{ID: d.ID, CPUs: d.CPUs, PinnedCPUs: d.Pinned, ReservedCPUs: d.Reserved, MemoryMB: d.Memory,
			PageSizeKB: d.PageSize, Pinning: d.Pinning,
			CPUPolicy: d.Policy, CPUThreadPolicy: d.Threads}
		if p := o.Object("cpu_topology"); p != nil {
			c.CPUTopology = &objects.CPUTopology{}
			c.CPUTopology.Sockets, _ = p.Int("sockets")
			c.CPUTopology.Cores, _ = p.Int("cores")
			c.CPUTopology.Threads, _ = p.Int("threads")
		}
		t.Cells = append(t.Cells, c)
	}
	return t, nil
}

// PCIRequests returns the PCI requests of a server; nil for nil.
func PCIRequests(p *objects.PCIRequests) *Object {
	if p == nil {
		return nil
	}
	list := each(p.Requests, func(r objects.PCIRequest) *Object {
		data := map[string]any{"count": r.Count, "spec": r.Spec, "request_id": r.RequestID}
		if r.Stored {
			data["alias_name"], data["numa_policy"], data["requester_id"], data["is_new"] = r.Alias, r.NUMAPolicy, r.RequesterID, false
			return Loaded("InstancePCIRequest", data)
		}
		for name, value := range map[string]*string{"alias_name": r.Alias, "numa_policy": r.NUMAPolicy, "requester_id": r.RequesterID} {
			if value != nil {
				data[name] = value
			}
		}
		return Made("InstancePCIRequest", data)
	})
	data := map[string]any{"requests": orEmpty(list)}
	if p.InstanceUUID != "" {
		data["instance_uuid"] = p.InstanceUUID
	}
	return Made("InstancePCIRequests", data)
}

// pciRequest is a PCI request in instance_extra.pci_requests and in the object InstancePCIRequest.
type pciRequest struct {
	Count       int64            `json:"count"`
	Spec        []map[string]any `json:"spec"`
	Alias       *string          `json:"alias_name"`
	NUMAPolicy  *string          `json:"numa_policy"`
	RequestID   *string          `json:"request_id"`
	RequesterID *string          `json:"requester_id"`
}

func (r pciRequest) request(stored bool) objects.PCIRequest {
	return objects.PCIRequest{Count: r.Count, Spec: r.Spec, Alias: r.Alias, NUMAPolicy: r.NUMAPolicy, RequestID: r.RequestID,
		RequesterID: r.RequesterID, Stored: stored}
}

// ParsePCIRequests parses instance_extra.pci_requests, a JSON list that contains no versioned objects. It returns no
// requests for an empty text.
func ParsePCIRequests(instance string, text []byte) (*objects.PCIRequests, error) {
	var list []pciRequest
	if len(text) > 0 {
		if err := json.Unmarshal(text, &list); err != nil {
			return nil, err
		}
	}
	p := &objects.PCIRequests{InstanceUUID: instance}
	for _, r := range list {
		if r.NUMAPolicy == nil {
			r.NUMAPolicy = new("legacy")
		}
		p.Requests = append(p.Requests, r.request(true))
	}
	return p, nil
}

func parsePCIRequests(v *Object) (*objects.PCIRequests, error) {
	if v == nil {
		return nil, nil
	}
	p := &objects.PCIRequests{InstanceUUID: v.Text("instance_uuid")}
	for _, o := range v.Objects("requests") {
		var r pciRequest
		if err := o.Decode(&r); err != nil {
			return nil, err
		}
		p.Requests = append(p.Requests, r.request(o.Has("is_new")))
	}
	return p, nil
}

// PCIDevice returns a PCI device of a server as loaded.
func PCIDevice(d *objects.PCIDevice) *Object {
	return Loaded("PciDevice", map[string]any{"id": d.ID, "uuid": d.UUID, "compute_node_id": d.ComputeNodeID,
		"address": d.Address, "product_id": d.ProductID, "vendor_id": d.VendorID, "dev_type": d.Type, "dev_id": d.DevID, "label": d.Label,
		"status":     d.Status,
		"extra_info": d.ExtraInfo, "instance_uuid": d.InstanceUUID, "request_id": d.RequestID, "numa_node": d.NUMANode,
		"parent_addr": d.ParentAddress,
		"created_at":  d.CreatedAt, "updated_at": d.UpdatedAt, "deleted_at": nil, "deleted": false})
}
