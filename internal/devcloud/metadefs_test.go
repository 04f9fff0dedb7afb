package devcloud_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// TestMetadataDefinitions has the results of Glance 2026.2 for the same requests.
func TestMetadataDefinitions(t *testing.T) {
	t.Parallel()
	c := start(t, "")
	defer c.Close()
	admin, demo := logIn(t, c, "admin", "secret", "admin", 201), logIn(t, c, "demo", "secret", "demo", 201)
	const defs, all = "/image/v2/metadefs", "/image/v2/metadefs/namespaces"
	do := func(token, method, path, body string, want int, says string) {
		t.Helper()
		if _, text := send(t, c, token, method, path, body, want); !strings.Contains(string(text), says) {
			t.Errorf("%s %s: no %q in %s", method, path, says, text)
		}
	}
	do(admin, "POST", all, `{"namespace": "own"}`, 201, `"visibility":"private"`)
	do(admin, "POST", all, `{"namespace": "own"}`, 409, "namespace=own already exists")
	do(admin, "POST", all, `{}`, 400, "'namespace' is a required property")
	do(admin, "POST", all, `{"namespace": "x", "y": 1}`, 400, "('y' was unexpected)")
	do(admin, "POST", all, `{"namespace": "`+strings.Repeat("x", 81)+`"}`, 400, "is too long")
	do(demo, "POST", all, `{"namespace": "x"}`, 403, "add_metadef_namespace")
	do(admin, "POST", all, `{"namespace": "cpu", "visibility": "public", "protected": true, "objects": [{"name": "o", "properties": {"p": {"title": "P",
		"type": "string"}}, "required": ["p"]}], "properties": {"q": {"title": "Q", "type": "integer"}}, "tags": [{"name": "t"}],
		"resource_type_associations": [{"name": "OS::Nova::Flavor", "prefix": "hw:"}]}`, 201, `"self":"/v2/metadefs/namespaces/cpu"`)

	do(demo, "GET", all+"/own", "", 404, "The resource could not be found.")
	do(demo, "GET", all+"/nope", "", 404, "namespace=nope was not found")
	do(demo, "GET", all+"/cpu", "", 200, `"q":{`)
	do(demo, "GET", all+"/cpu?resource_type=OS::Nova::Flavor", "", 200, `"hw:q":{`)
	do(demo, "GET", all+"/cpu?resource_type=OS::Nova::Flavor", "", 200, `"required":["hw:p"]`)
	do(admin, "GET", all+"?limit=1", "", 200, `"next":"/v2/metadefs/namespaces?limit=1\u0026marker=cpu"`)
	do(admin, "GET", all+"?limit=1&marker=cpu", "", 200, `"namespace":"own"`)
	do(admin, "GET", all+"?visibility=x", "", 400, "Invalid visibility value: x")
	do(demo, "GET", defs+"/resource_types", "", 200, `"name":"OS::Nova::Flavor"`)
	do(admin, "DELETE", all+"/cpu", "", 403, "is protected and cannot be deleted")
	do(demo, "DELETE", all+"/cpu", "", 403, "delete_metadef_namespace")
	do(admin, "PUT", all+"/cpu", `{"namespace": "own"}`, 409, "duplicate")
	do(admin, "PUT", all+"/cpu", `{"namespace": "cpus", "description": "d"}`, 200, `"visibility":"private"`)
	do(admin, "GET", all+"/cpu", "", 404, "")

	for _, part := range []struct{ path, body, other, exists, missing string }{
		{"objects", `{"name": "a", "description": "x"}`, `{"name": "b"}`, "object with name=a already exists", "Could not find metadata object"},
		{"properties", `{"name": "a", "title": "A", "type": "string"}`, `{"name": "b", "title": "B", "type": "integer"}`,
			"property with name=a already exists", "Could not find property"},
	} {
		path := all + "/cpus/" + part.path
		do(admin, "POST", path, part.body, 201, `"name":"a"`)
		do(admin, "POST", path, part.body, 409, part.exists)
		do(admin, "POST", path, `{}`, 400, "'name' is a required property")
		do(admin, "PUT", path+"/a", part.other, 200, `"name":"b"`)
		do(admin, "GET", path+"/a", "", 404, part.missing)
		do(admin, "GET", path+"/b", "", 200, `"name":"b"`)
		do(admin, "GET", path, "", 200, `"name":"b"`)
		do(admin, "DELETE", path+"/b", "", 204, "")
		do(admin, "DELETE", path+"/b", "", 404, part.missing)
		do(admin, "DELETE", path, "", 204, "")
	}
	do(admin, "POST", all+"/cpus/properties", `{"name": "a", "title": "A", "type": "foo"}`, 400, "'foo' is not one of")
	tags := all + "/cpus/tags"
	do(admin, "POST", tags+"/a", "", 201, `"name":"a"`)
	do(admin, "POST", tags+"/A", "", 409, "name=A already exists")
	do(admin, "POST", tags, `{"tags": [{"name": "b"}, {"name": "c"}]}`, 201, `{"tags":[{"name":"b"},{"name":"c"}]}`)
	do(admin, "GET", tags, "", 200, `{"tags":[{"name":"c"},{"name":"b"}]}`)
	do(admin, "PUT", tags+"/b", `{"name": "bb"}`, 200, `"name":"bb"`)
	do(admin, "DELETE", tags, "", 204, "")
	types := all + "/cpus/resource_types"
	do(admin, "POST", types, `{"name": "OS::X", "prefix": "x:"}`, 201, `"prefix":"x:"`)
	do(admin, "POST", types, `{"name": "OS::X"}`, 409, "resource-type=OS::X to namespace=cpus already exists")
	do(admin, "DELETE", types+"/OS::X", "", 204, "")
	do(admin, "DELETE", types+"/OS::X", "", 404, "Failed to find resource type OS::X to delete")
	do(demo, "GET", "/image/v2/schemas/metadefs/properties", "", 200, `"properties"`)
	do(admin, "DELETE", all+"/cpus", "", 204, "")
	do(admin, "DELETE", all+"/cpus", "", 404, "Namespace cpus not found")
}

// TestImageImport has the results of Glance 2026.2 for the same requests.
func TestImageImport(t *testing.T) {
	t.Parallel()
	c := start(t, "")
	defer c.Close()
	demo := logIn(t, c, "demo", "secret", "demo", 201)
	_, text := send(t, c, demo, "POST", "/image/v2/images", `{"name": "i", "disk_format": "raw", "container_format": "bare"}`, 201)
	show := func() (image struct{ ID, Status, Checksum string }) {
		t.Helper()
		if err := json.Unmarshal(text, &image); err != nil {
			t.Fatal(err)
		}
		return image
	}
	path := "/image/v2/images/" + show().ID
	const how = `{"method": {"name": "glance-direct"}}`
	send(t, c, demo, "POST", path+"/import", how, 409)
	send(t, c, demo, "PUT", path+"/stage", "abc", 204)
	if _, text = send(t, c, demo, "GET", path, "", 200); show().Status != "uploading" {
		t.Errorf("%s", text)
	}
	send(t, c, demo, "PUT", path+"/file", "abc", 409)
	send(t, c, demo, "POST", path+"/import", how, 202)
	if _, text = send(t, c, demo, "GET", path, "", 200); show().Status != "active" || show().Checksum != "900150983cd24fb0d6963f7d28e17f72" {
		t.Errorf("%s", text)
	}
	var list struct {
		Tasks []struct{ ID, Status, Type string }
	}
	for _, of := range []string{path + "/tasks", "/image/v2/tasks"} {
		_, text = send(t, c, demo, "GET", of, "", 200)
		if err := json.Unmarshal(text, &list); err != nil || len(list.Tasks) != 1 || list.Tasks[0].Status != "success" || list.Tasks[0].Type != "api_image_import" {
			t.Fatalf("%s: %s %v", of, text, err)
		}
	}
	if _, text = send(t, c, demo, "GET", "/image/v2/tasks/"+list.Tasks[0].ID, "", 200); !strings.Contains(string(text), fmt.Sprintf(`"image_id":%q`, path[len("/image/v2/images/"):])) {
		t.Errorf("%s", text)
	}
	send(t, c, demo, "DELETE", path, "", 204)
}
