package objects

import (
	"bytes"
	"encoding/json"
	"sync"
)

// VIF is an interface in the info cache of an instance. Its JSON is the format of instance_info_caches.network_info.
type VIF struct {
	ID             string          `json:"id"`
	Address        string          `json:"address"` // MAC
	Network        VIFNetwork      `json:"network"`
	Type           string          `json:"type"`
	DevName        string          `json:"devname"`
	OVSInterfaceID *string         `json:"ovs_interfaceid"`
	VNICType       string          `json:"vnic_type"`
	Active         bool            `json:"active"`
	PreserveOnDel  bool            `json:"preserve_on_delete"`
	Details        json.RawMessage `json:"details"`
	Profile        json.RawMessage `json:"profile"`
	Meta           json.RawMessage `json:"meta"`
}

// VIFNetwork is the network of an interface.
type VIFNetwork struct {
	ID      string          `json:"id"`
	Bridge  *string         `json:"bridge"`
	Label   string          `json:"label"`
	Subnets []Subnet        `json:"subnets"`
	Meta    json.RawMessage `json:"meta"`
}

// Subnet is a subnet with the interface's addresses in it.
type Subnet struct {
	CIDR    string          `json:"cidr"`
	Version int             `json:"version"`
	DNS     []IPAddress     `json:"dns"`
	Gateway IPAddress       `json:"gateway"`
	IPs     []FixedIP       `json:"ips"`
	Routes  []Route         `json:"routes"`
	Meta    json.RawMessage `json:"meta"`
}

// IPAddress is an address with its type ("dns", "gateway").
type IPAddress struct {
	Address string `json:"address"`
	Type    string `json:"type"`
	Version int    `json:"version"`
}

// FixedIP is an address of an interface with its associated floating IPs.
type FixedIP struct {
	Address     string          `json:"address"`
	Type        string          `json:"type"`
	Version     int             `json:"version"`
	FloatingIPs []FixedIP       `json:"floating_ips"`
	Meta        json.RawMessage `json:"meta"`
}

// Route is a static route of a subnet.
type Route struct {
	CIDR      string          `json:"cidr"`
	Gateway   IPAddress       `json:"gateway"`
	Interface json.RawMessage `json:"interface"`
}

// NetworkInfo is instance_info_caches.network_info. It is parsed at the first use, because most requests of guests do not
// need it. A nil *NetworkInfo has no interfaces.
type NetworkInfo struct {
	text []byte
	vifs func() ([]VIF, error)
}

// NewNetworkInfo returns a NetworkInfo with a copy of text.
func NewNetworkInfo(text []byte) *NetworkInfo {
	text = bytes.Clone(text)
	return &NetworkInfo{text, sync.OnceValues(func() ([]VIF, error) { return ParseNetworkInfo(text) })}
}

// VIFs returns the interfaces.
func (n *NetworkInfo) VIFs() ([]VIF, error) {
	if n == nil {
		return nil, nil
	}
	return n.vifs()
}

// Injected returns the interfaces if one of their networks may be marked as injected. In most cases no network is:
// Injected then finds that by searching the text without parsing it, and returns nil.
func (n *NetworkInfo) Injected() ([]VIF, error) {
	if n == nil || bytes.Count(n.text, []byte(`"injected"`)) == bytes.Count(n.text, []byte(`"injected": false`)) {
		return nil, nil
	}
	return n.vifs()
}

// ParseNetworkInfo parses instance_info_caches.network_info.
func ParseNetworkInfo(text []byte) ([]VIF, error) {
	if len(text) == 0 || string(text) == "[]" {
		return nil, nil
	}
	var v []VIF
	err := json.Unmarshal(text, &v)
	return v, err
}
