package objects

import "encoding/json"

// FloatFixedIP returns network_info of an info cache with a floating IP associated with a fixed IP of a port; if fixed is
// "", the floating IP is disassociated. The remaining content does not change.
func FloatFixedIP(networkInfo, floating, port, fixed string) (string, error) {
	var vifs []map[string]any
	if err := json.Unmarshal([]byte(networkInfo), &vifs); err != nil {
		return "", err
	}
	for _, vif := range vifs {
		network, _ := vif["network"].(map[string]any)
		subnets, _ := network["subnets"].([]any)
		for _, one := range subnets {
			subnet, _ := one.(map[string]any)
			ips, _ := subnet["ips"].([]any)
			for _, one := range ips {
				ip, _ := one.(map[string]any)
				if ip == nil {
					continue
				}
				kept := []any{}
				had, _ := ip["floating_ips"].([]any)
				for _, f := range had {
					if m, _ := f.(map[string]any); m["address"] != floating {
						kept = append(kept, f)
					}
				}
				if vif["id"] == port && ip["address"] == fixed {
					kept = append(kept, map[string]any{"address": floating, "type": "floating", "version": 4, "meta": map[string]any{}})
				}
				ip["floating_ips"] = kept
			}
		}
	}
	text, err := json.Marshal(vifs)
	return string(text), err
}
