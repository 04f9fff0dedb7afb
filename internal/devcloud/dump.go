package devcloud

import (
	"context"
	"fmt"
	"reflect"

	"github.com/nova-go/nova/internal/devcloud/control"
	"github.com/nova-go/nova/internal/devcloud/records"
	"github.com/nova-go/nova/internal/devcloud/resource"
)

// dump is the answer of GET /dev/dump.
type dump struct {
	Servers  any                       `json:"servers"`
	Services map[string][]resource.Doc `json:"services"`
}

// Dump implements control.Cloud.
func (c cloudControl) Dump(ctx context.Context) (any, error) {
	servers, err := c.Servers(ctx)
	return dump{servers, c.store.Everything()}, err
}

// documentKinds says what the documents of each kind in a dump are: the resources that a request
// shows, or something else.
var documentKinds = map[string]string{
	"networks": "GET /network/v2.0/networks", "subnets": "GET /network/v2.0/subnets", "ports": "GET /network/v2.0/ports",
	"security-groups": "GET /network/v2.0/security-groups", "security-group-rules": "GET /network/v2.0/security-group-rules",
	"floatingips": "GET /network/v2.0/floatingips", "routers": "GET /network/v2.0/routers", "subnetpools": "GET /network/v2.0/subnetpools",
	"address-scopes": "GET /network/v2.0/address-scopes", "address-groups": "GET /network/v2.0/address-groups",
	"segments": "GET /network/v2.0/segments", "qos/policies": "GET /network/v2.0/qos/policies",
	"rbac-policies": "GET /network/v2.0/rbac-policies", "flavors": "GET /network/v2.0/flavors",
	"service_profiles": "GET /network/v2.0/service_profiles", "port_forwardings": "GET /network/v2.0/floatingips/ID/port_forwardings",
	"trunks": "GET /network/v2.0/trunks", "quotas": "GET /network/v2.0/quotas, only the changed ones",
	"images": "GET /image/v2/images", "image-members": "GET /image/v2/images/ID/members",
	"image-tasks":        "GET /image/v2/tasks, with their input and result",
	"metadef-namespaces": "GET /image/v2/metadefs/namespaces/NAME, with their objects, properties, tags and resource types",
	"volumes":            "GET /volume/v3/volumes/detail", "snapshots": "GET /volume/v3/snapshots/detail",
	"qos-specs":   "GET /volume/v3/qos-specs",
	"attachments": "GET /volume/v3/attachments", "volume-types": "GET /volume/v3/types",
	"volume-quotas":    "GET /volume/v3/os-quota-sets/PROJECT, only the changed ones",
	"volume-transfers": "GET /volume/v3/volume-transfers/detail", "volume-default-types": "GET /volume/v3/default-types",
	"volume-quota-classes": "GET /volume/v3/os-quota-class-sets/CLASS, only the changed ones",
	"agents":               "GET /network/v2.0/agents, only what has been changed",
	"shares":               "GET /share/v2/shares/detail", "share-access-rules": "GET /share/v2/share-access-rules",
	"share-resource-locks": "GET /share/v2/resource-locks", "share-snapshots": "GET /share/v2/snapshots/detail",
	"share-types": "GET /share/v2/types", "share-quotas": "GET /share/v2/quota-sets/PROJECT, only the changed ones",
	"providers": "GET /placement/resource_providers, with their inventories, traits and aggregates",
	"consumers": "GET /placement/allocations/ID, with the id of the consumer", "traits": "GET /placement/traits, only custom ones",
	"resource-classes": "GET /placement/resource_classes, only custom ones",
}

// Schema implements control.Cloud.
func (c cloudControl) Schema() any {
	kinds := map[string]any{}
	for kind, request := range documentKinds {
		kinds[kind] = map[string]any{"description": fmt.Sprintf("the resources of %s", request),
			"type": "array", "items": map[string]any{"type": "object"}}
	}
	servers := control.Schema(reflect.TypeFor[[]records.Listed]())
	servers["description"] = "the newest 1,000 servers of all projects"
	return control.Schemas(map[string]any{
		"seed": control.Schema(reflect.TypeFor[seedFile]()),
		"dump": map[string]any{"type": "object", "required": control.Names(reflect.TypeFor[dump]()), "additionalProperties": false,
			"properties": map[string]any{"servers": servers, "services": map[string]any{"type": "object", "properties": kinds,
				"additionalProperties": false, "description": "the resources of the other services by kind, as their APIs show them"}}},
	})
}
