package images_test

import (
	"testing"

	"github.com/nova-go/nova/internal/novatest"
)

func TestImageProxy(t *testing.T) {
	t.Parallel()
	image := `{"id": "i1", "name": "cirros", "status": "active", "min_ram": 64, "size": null, "visibility": "public", "created_at": "2026-05-01T12:00:00Z", "os_distro": "x", "auto_disk_config": "True"}`
	n := novatest.NewStandIn(t, map[string]string{
		"GET /v2/images":       `200 {"images": [` + image + `]}`,
		"GET /v2/images/i1":    `200 ` + image,
		"PATCH /v2/images/i1":  `200 ` + image,
		"DELETE /v2/images/i1": `403 {"message": "no"}`,
	})
	s := novatest.New(t, novatest.Conf("[glance]\nendpoint_override = "+n.URL))
	demo := s.As("demo")
	demo.Do("GET /images").Expect(200).Has(`{"images": [{"id": "i1", "name": "cirros", "links": [{"rel": "self"}, {"rel": "bookmark"}, {"rel": "alternate", "href": "` + n.URL + `/images/i1"}]}]}`)
	demo.Do("GET /images/detail?limit=1").Expect(200).Has(`{"images": [{"minRam": 64, "OS-EXT-IMG-SIZE:size": 0}], "images_links": [{"href": "*/images/detail?limit=1&marker=i1"}]}`)
	demo.Do("GET /images/i1").Expect(200).Has(`{"image": {"status": "ACTIVE", "progress": 100, "created": "2026-05-01T12:00:00Z", "updated": null, "OS-DCF:diskConfig": "AUTO", "metadata": {"os_distro": "x", "auto_disk_config": "True"}}}`)
	demo.Do("GET /images/x").Expect(404).Fault("itemNotFound", "Image not found.")
	demo.Do("DELETE /images/i1").Expect(403).Fault("forbidden", "You are not allowed to delete the image.")
	demo.Do("GET /images/i1/metadata/os_distro").Expect(200).JSON(`{"meta": {"os_distro": "x"}}`)
	demo.Do("PUT /images/i1/metadata", `{"metadata": {"os_distro": "y", "a:b": "c"}}`).Expect(200).JSON(`{"metadata": {"os_distro": "y", "a:b": "c"}}`)
	n.Got(t, "PATCH /v2/images/i1", `[{"op": "add", "path": "/a:b", "value": "c"}, {"op": "replace", "path": "/os_distro", "value": "y"}, {"op": "remove", "path": "/auto_disk_config"}]`)
	demo.Do("DELETE /images/i1/metadata/nope").Expect(404).Fault("itemNotFound", "Invalid metadata key")
	demo.MV("2.39").Do("GET /images/i1/metadata").Expect(404)
}
