package volumes_test

import (
	"strings"
	"testing"

	"github.com/nova-go/nova/internal/novatest"
)

// TestResponseValidation: an answer that does not fit Nova's schema, because Cinder's has no time, is only refused with [api]
// response_validation = error.
func TestResponseValidation(t *testing.T) {
	t.Parallel()
	n := novatest.NewStandIn(t, map[string]string{
		"GET /v3/volumes/v1": `200 {"volume": {"id": "v1", "status": "in-use", "size": 2, "attachments": []}}`,
	})
	for value, status := range map[string]int{"": 200, "ignore": 200, "warn": 200, "error": 400} {
		conf := "[cinder]\nendpoint_template = " + n.URL + "/v3\n"
		if value != "" {
			conf += "[api]\nresponse_validation = " + value + "\n"
		}
		s := novatest.New(t, novatest.Conf(conf))
		demo := s.As("demo")
		a := demo.Do("GET /os-volumes/v1").Expect(status)
		if status == 400 {
			a.Fault("badRequest", "Invalid input for field/attribute createdAt. Value: None. None is not of type 'string'")
		}
		if logged := strings.Contains(s.Log(), "Schema failed to validate: Invalid input for field/attribute createdAt"); logged != (value == "warn") {
			t.Errorf("%q: logged: %v", value, logged)
		}
		demo.At("/v2").Do("GET /os-volumes/v1").Expect(status)
		demo.Do("GET /flavors").Expect(200) // fits
	}
}
