package quotas_test

import (
	"testing"

	"github.com/nova-go/nova/internal/novatest"
)

func TestLimits(t *testing.T) {
	t.Parallel()
	s := novatest.New(t, novatest.Conf("[quota]\ncores = 7"))
	s.Server(novatest.VM{Flavor: "3"})
	s.Server(novatest.VM{Flavor: "3", Project: "elsewhere"})
	demo := s.As("demo")
	used := `"totalCoresUsed": 2, "totalInstancesUsed": 1, "totalRAMUsed": 4096, "totalServerGroupsUsed": 0`
	late := `"maxTotalCores": 7, "maxTotalInstances": 10, "maxTotalRAMSize": 51200, "maxTotalKeypairs": 100, "maxServerMeta": 128, "maxServerGroups": 10, "maxServerGroupMembers": 10, ` + used
	demo.MV("2.57").Do("GET /limits").Expect(200).JSON(`{"limits": {"rate": [], "absolute": {` + late + `}}}`)
	demo.MV("2.38").Do("GET /limits").Expect(200).Has(`{"limits": {"absolute": {"maxImageMeta": 128, "maxPersonality": 5, "maxPersonalitySize": 10240}}}`)
	demo.Do("GET /limits").Expect(200).Has(`{"limits": {"absolute": {"maxTotalFloatingIps": -1, "maxSecurityGroups": -1, "totalFloatingIpsUsed": 0}}}`)
	other := "GET /limits?tenant_id=" + novatest.NameID("project", "elsewhere")
	demo.Do(other).Expect(403).Fault("forbidden", "Policy doesn't allow os_compute_api:limits:other_project to be performed.")
	s.As("admin").Do(other).Expect(200).Has(`{"limits": {"absolute": {"totalInstancesUsed": 1, "totalCoresUsed": 2}}}`)
}
