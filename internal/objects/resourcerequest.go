package objects

import (
	"fmt"
	"maps"
	"slices"
)

// AddPort adds what a port's resource_request asks of placement, in either of
// Neutron's two forms.
func (p *NetworkPlacement) AddPort(port string, request map[string]any) error {
	groups, extended := request["request_groups"].([]any)
	if !extended {
		if len(request) == 0 {
			return nil
		}
		return p.addGroup(port, request)
	}
	for _, one := range groups {
		g, _ := one.(map[string]any)
		id, _ := g["id"].(string)
		if err := p.addGroup(id, g); err != nil {
			return err
		}
	}
	same := []string{}
	if list, ok := request["same_subtree"].([]any); ok {
		for _, one := range list {
			same = append(same, fmt.Sprint(one))
		}
	}
	if p.Level == nil {
		p.Level = NewVersioned("RequestLevelParams", "1.1", map[string]any{})
	}
	if len(same) > 0 {
		known, _ := p.Level.Data["same_subtree"].([]any)
		p.Level.Set("same_subtree", append(known, same))
	}
	return nil
}

func (p *NetworkPlacement) addGroup(requester string, g map[string]any) error {
	traits := []string{}
	list, _ := g["required"].([]any)
	for _, one := range list {
		traits = append(traits, fmt.Sprint(one))
	}
	resources := map[string]any{}
	given, _ := g["resources"].(map[string]any)
	for _, class := range slices.Sorted(maps.Keys(given)) {
		n, ok := given[class].(float64)
		if !ok {
			return fmt.Errorf("resource_request of port %s: %s is no number", requester, class)
		}
		resources[class] = int64(n)
	}
	p.Resources = append(p.Resources, ChangedVersioned("RequestGroup", "1.3", map[string]any{"use_same_provider": true, "resources": resources,
		"required_traits": traits, "requester_id": requester, "provider_uuids": []string{}, "forbidden_traits": []string{}, "aggregates": []any{},
		"forbidden_aggregates": []string{}, "in_tree": nil}))
	return nil
}
