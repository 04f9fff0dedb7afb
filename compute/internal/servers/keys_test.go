package servers_test

import (
	"strings"
	"testing"

	"github.com/nova-go/nova/internal/novatest"
)

// With [ephemeral_storage_encryption] enabled each new server has a key, which Barbican creates in the background.
func TestKeysOfLocalDisks(t *testing.T) {
	t.Parallel()
	const order = "11111111-1111-1111-1111-111111111111"
	n := novatest.NewStandIn(t, map[string]string{
		"POST /v1/orders/":           `202 {"order_ref": "http://other:9311/v1/orders/` + order + `"}`,
		"GET /v1/orders/" + order:    `200 {"status": "ACTIVE", "secret_ref": "http://other:9311/v1/secrets/5ec4e7"}`,
		"DELETE /v1/orders/" + order: `204 `,
	})
	s := novatest.New(t, novatest.Conf("[ephemeral_storage_encryption]\nenabled = true\nkey_size = 256\n[barbican]\nbarbican_endpoint = "+n.URL+"\nretry_delay = 0\nnumber_of_retries = 3"))
	body := `{"server": {"name": "x", "flavorRef": "1", "imageRef": "` + s.Server(novatest.VM{}).Image + `", "networks": "none"}}`
	create := func() *novatest.Response { return s.As("demo").MV("2.37").Do("POST /servers", body) }
	m := s.Messages(func() { create().Expect(202) })
	if text := string(m.All[0].Args["build_requests"]); !strings.Contains(text, `"ephemeral_key_uuid":"5ec4e7"`) {
		t.Errorf("the message to the conductor: %s", text)
	}
	if text := s.Value("api", "SELECT instance FROM build_requests ORDER BY id DESC LIMIT 1"); !strings.Contains(text, "5ec4e7") {
		t.Errorf("the build request: %s", text)
	}
	n.Got(t, "POST /v1/orders/", `{"type": "key", "meta": {"algorithm": "aes", "bit_length": 256}}`)
	if !n.Asked("DELETE /v1/orders/" + order) {
		t.Error("the order remains")
	}
	for _, answer := range []string{`200 {"status": "ERROR", "error_status_code": "500", "error_reason": "no"}`, `200 {"status": "PENDING"}`, `404 {}`} {
		n.Answer("GET /v1/orders/"+order, answer)
		create().Expect(500).Fault("computeFault", "Unexpected API Error. Please contact the administrator\n<class 'castellan.common.exception.KeyManagerError'>")
	}
	if left := s.Value("api", "SELECT count(*) FROM build_requests"); left != "1" {
		t.Errorf("%s build requests", left)
	}
}
