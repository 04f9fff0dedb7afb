package keypairs_test

import (
	"testing"

	"github.com/nova-go/nova/internal/novatest"
)

func TestKeypairOverItsLife(t *testing.T) {
	t.Parallel()
	s := novatest.New(t)
	demo := s.As("demo").MV("2.92")
	user := novatest.NameID("user", "demo")
	s.Changes(func() {
		demo.Do("POST /os-keypairs", `{"keypair": {"name": "mine", "public_key": "`+novatest.PublicKey+`"}}`).Expect(201).
			JSON(`{"keypair": {"name": "mine", "type": "ssh", "user_id": "` + user + `", "public_key": "` + novatest.PublicKey + `", "fingerprint": "*:*"}}`)
	}).Expect("api INSERT key_pairs id=1 created_at=now name=mine user_id=" + user + " fingerprint=* public_key=" + novatest.PublicKey + " type=ssh")
	demo.Do("POST /os-keypairs", `{"keypair": {"name": "mine", "public_key": "`+novatest.PublicKey+`"}}`).Expect(409).Fault("conflictingRequest", "Key pair 'mine' already exists.")
	demo.Do("GET /os-keypairs").Expect(200).Has(`{"keypairs": [{"keypair": {"name": "mine", "type": "ssh"}}]}`)
	demo.Do("GET /os-keypairs/mine").Expect(200).Has(`{"keypair": {"name": "mine", "id": 1, "deleted": false, "deleted_at": null, "updated_at": null, "created_at": "*"}}`)
	s.As("reader").Do("GET /os-keypairs/mine").Expect(404).Fault("itemNotFound", "Keypair mine not found for user "+novatest.NameID("user", "reader"))
	s.As("admin").MV("2.10").Do("GET /os-keypairs/mine?user_id=" + user).Expect(200)
	demo.Do("GET /os-keypairs?user_id=" + novatest.NameID("user", "admin")).Expect(403)
	s.Changes(func() { demo.Do("DELETE /os-keypairs/mine").Expect(204) }).Expect("api DELETE key_pairs id=1")
	demo.Do("DELETE /os-keypairs/mine").Expect(404)
}

func TestKeypairByMicroversion(t *testing.T) {
	t.Parallel()
	s := novatest.New(t)
	for _, c := range []struct {
		version, body string
		status        int
		has           string
	}{
		{"2.1", `{"name": "a"}`, 200, `{"keypair": {"name": "a", "private_key": "-----BEGIN*", "public_key": "ssh-rsa *"}}`},
		{"2.1", `{"name": "b", "type": "x509"}`, 400, ``},
		{"2.2", `{"name": "c", "type": "ssh"}`, 201, `{"keypair": {"type": "ssh", "private_key": "*"}}`},
		{"2.2", `{"name": "c2", "type": "x509"}`, 201, `{"keypair": {"type": "x509", "private_key": "*", "public_key": "-----BEGIN CERTIFICATE*"}}`},
		{"2.91", `{"name": "d e"}`, 201, `{}`},
		{"2.92", `{"name": "e"}`, 400, ``},
		{"2.92", `{"name": "f@g.h i", "public_key": "` + novatest.PublicKey + `"}`, 201, `{}`},
		{"2.92", `{"name": "g", "public_key": "nonsense"}`, 400, ``},
	} {
		t.Run(c.version+" "+c.body, func(t *testing.T) {
			r := s.In(t).As("demo").MV(c.version).Do("POST /os-keypairs", `{"keypair": `+c.body+`}`).Expect(c.status)
			if c.has != "" {
				r.Has(c.has)
			}
		})
	}
}

func TestKeypairsAreLimited(t *testing.T) {
	t.Parallel()
	s := novatest.New(t, novatest.Conf("[quota]\nkey_pairs = 1"))
	demo := s.As("demo").MV("2.92")
	demo.Do("POST /os-keypairs", `{"keypair": {"name": "a", "public_key": "`+novatest.PublicKey+`"}}`).Expect(201)
	s.Changes(func() {
		demo.Do("POST /os-keypairs", `{"keypair": {"name": "b", "public_key": "`+novatest.PublicKey+`"}}`).Expect(403).Fault("forbidden", "Quota exceeded, too many key pairs.")
	}).Expect()
}

func TestKeypairPages(t *testing.T) {
	t.Parallel()
	s := novatest.New(t)
	demo := s.As("demo").MV("2.92").Header("Host", "nova")
	for _, name := range []string{"a", "b", "c"} {
		demo.Do("POST /os-keypairs", `{"keypair": {"name": "`+name+`", "public_key": "`+novatest.PublicKey+`"}}`).Expect(201)
	}
	demo.Do("GET /os-keypairs?limit=2").Expect(200).Has(`{"keypairs": [{"keypair": {"name": "a"}}, {"keypair": {"name": "b"}}],
		"keypairs_links": [{"rel": "next", "href": "http://nova/v2.1/os-keypairs?limit=2&marker=b"}]}`)
	demo.Do("GET /os-keypairs?limit=2&marker=b").Expect(200).Has(`{"keypairs": [{"keypair": {"name": "c"}}]}`)
	demo.Do("GET /os-keypairs?marker=x").Expect(400)
	demo.Do("GET /os-keypairs?marker=").Expect(400).Fault("badRequest", "Marker  could not be found.")
}
