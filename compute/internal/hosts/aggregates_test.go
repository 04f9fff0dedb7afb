package hosts_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/nova-go/nova/internal/novatest"
)

func TestAggregateOverItsLife(t *testing.T) {
	t.Parallel()
	placement, option := newPlacement(t)
	s := novatest.New(t, option)
	_, node := s.ComputeHost("compute-1")
	placement.providers["compute-1.example"] = node
	admin := s.As("admin").MV("2.41")

	var sent *novatest.Messages
	s.Changes(func() {
		sent = s.Messages(func() {
			admin.Do("POST /os-aggregates", `{"aggregate": {"name": "racks", "availability_zone": "north"}}`).Expect(200).
				JSON(`{"aggregate": {"id": 1, "uuid": "*", "name": "racks", "availability_zone": "north", "created_at": "*", "updated_at": null, "deleted_at": null, "deleted": false}}`)
		})
	}).Expect("api INSERT aggregate_metadata id=1 created_at=now aggregate_id=1 key=availability_zone value=north", "api INSERT aggregates id=1 created_at=now uuid=* name=racks")
	sent.Expect("fanout scheduler update_aggregates 4.1 aggregates=[Aggregate/1.3]")
	uuid := s.Value("api", "SELECT uuid FROM aggregates")
	detail := `{"aggregate": {"id": 1, "uuid": "` + uuid + `", "name": "racks", "availability_zone": "north", "created_at": "*", "updated_at": null, "deleted_at": null, "deleted": false, "hosts": ["compute-1"], "metadata": {"availability_zone": "north"}}}`

	placement.conflicts = 2
	s.Changes(func() {
		s.Messages(func() {
			admin.Do("POST /os-aggregates/1/action", `{"add_host": {"host": "compute-1"}}`).Expect(200).JSON(detail)
		}).Expect("fanout scheduler update_aggregates 4.1 aggregates=[Aggregate/1.3]")
	}).Expect("api INSERT aggregate_hosts id=1 created_at=now host=compute-1 aggregate_id=1")
	if got := placement.aggregates[node]; len(got) != 1 || got[0] != uuid || len(placement.changes) != 3 {
		t.Errorf("the provider is in %v after %q", got, placement.changes)
	}
	admin.Do("GET /os-aggregates/1").Expect(200).JSON(detail)
	s.As("admin").Do("GET /os-services?host=compute-1").Expect(200).Has(`{"services": [{"zone": "north"}]}`)
	admin.Do("DELETE /os-aggregates/1").Expect(400).Fault("badRequest", "Cannot remove host from aggregate 1. Reason: Host aggregate is not empty.")

	s.Changes(func() {
		admin.Do("PUT /os-aggregates/1", `{"aggregate": {"name": "shelves", "availability_zone": "south"}}`).Expect(200).
			Has(`{"aggregate": {"name": "shelves", "availability_zone": "south", "metadata": {"availability_zone": "south"}, "updated_at": "*-*"}}`)
	}).Expect("api UPDATE aggregate_metadata id=1 updated_at=NULL→now value=north→south", "api UPDATE aggregates id=1 updated_at=NULL→now name=racks→shelves")
	s.Changes(func() {
		s.Messages(func() {
			admin.Do("POST /os-aggregates/1/action", `{"set_metadata": {"metadata": {"ssd": "true", "availability_zone": "south", "none": null}}}`).Expect(200).
				Has(`{"aggregate": {"metadata": {"ssd": "true", "availability_zone": "south"}}}`)
		}).Expect("fanout scheduler update_aggregates 4.1 aggregates=[Aggregate/1.3]")
	}).Expect("api INSERT aggregate_metadata id=2 created_at=now aggregate_id=1 key=ssd value=true")
	s.Changes(func() {
		admin.Do("POST /os-aggregates/1/action", `{"set_metadata": {"metadata": {"ssd": null}}}`).Expect(200)
	}).Expect("api DELETE aggregate_metadata id=2")

	s.Changes(func() {
		admin.Do("POST /os-aggregates/1/action", `{"remove_host": {"host": "compute-1"}}`).Expect(200).Has(`{"aggregate": {"hosts": []}}`)
	}).Expect("api DELETE aggregate_hosts id=1")
	if got := placement.aggregates[node]; len(got) != 0 {
		t.Errorf("the provider is still in %v", got)
	}
	s.Changes(func() {
		s.Messages(func() { admin.Do("DELETE /os-aggregates/1").Expect(200) }).Expect("fanout scheduler delete_aggregate 4.1 aggregate=Aggregate/1.3")
	}).Expect("api DELETE aggregate_metadata id=1", "api DELETE aggregates id=1")
	s.As("admin").MV("2.40").Do("GET /os-aggregates").Expect(200).JSON(`{"aggregates": []}`)
}

func TestAggregatesThatAreRefused(t *testing.T) {
	t.Parallel()
	placement, option := newPlacement(t)
	s := novatest.New(t, option)
	_, node := s.ComputeHost("compute-1")
	placement.providers["compute-1.example"] = node
	s.ComputeHost("busy")
	s.Server(novatest.VM{Host: "busy"})
	admin := s.As("admin")
	for _, body := range []string{`{"aggregate": {"name": "a", "availability_zone": "za"}}`, `{"aggregate": {"name": "b", "availability_zone": "zb"}}`, `{"aggregate": {"name": "plain"}}`} {
		admin.Do("POST /os-aggregates", body).Expect(200)
	}
	admin.Do("POST /os-aggregates/1/action", `{"add_host": {"host": "compute-1"}}`).Expect(200)
	admin.Do("POST /os-aggregates/3/action", `{"add_host": {"host": "busy"}}`).Expect(200)
	for _, c := range []struct {
		name, role, request, body string
		status                    int
		message                   string
	}{
		{"name taken", "admin", "POST /os-aggregates", `{"aggregate": {"name": "a"}}`, 409, "Aggregate a already exists."},
		{"renamed to a taken one", "admin", "PUT /os-aggregates/2", `{"aggregate": {"name": "a"}}`, 409, "Aggregate a already exists."},
		{"unknown", "admin", "PUT /os-aggregates/99", `{"aggregate": {"name": "x"}}`, 404, "Aggregate 99 could not be found."},
		{"no number", "admin", "GET /os-aggregates/x", ``, 400, "Invalid input received: id must be an integer"},
		{"zone taken away", "admin", "PUT /os-aggregates/1", `{"aggregate": {"availability_zone": null}}`, 400, "Cannot update aggregate 1. Reason: Aggregate a does not support empty named availability zone."},
		{"zone of hosts in use", "admin", "PUT /os-aggregates/3", `{"aggregate": {"availability_zone": "zc"}}`, 400, "Cannot update aggregate 3. Reason: One or more hosts contain instances in this zone."},
		{"likewise by metadata", "admin", "POST /os-aggregates/3/action", `{"set_metadata": {"metadata": {"availability_zone": "zc"}}}`, 400, "Cannot update metadata of aggregate 3. Reason: One or more hosts contain instances in this zone."},
		{"host twice", "admin", "POST /os-aggregates/1/action", `{"add_host": {"host": "compute-1"}}`, 409, "Aggregate 1 already has host compute-1."},
		{"host in two zones", "admin", "POST /os-aggregates/2/action", `{"add_host": {"host": "compute-1"}}`, 409, "Cannot add host to aggregate 2. Reason: One or more hosts already in availability zone(s) ['za']."},
		{"host in use", "admin", "POST /os-aggregates/2/action", `{"add_host": {"host": "busy"}}`, 409,
			"Cannot add host to aggregate 2. Reason: The host cannot be added to the aggregate as the availability zone of the host would change from 'None' to 'zb' but the host already has 1 instance(s).*"},
		{"unknown host", "admin", "POST /os-aggregates/2/action", `{"add_host": {"host": "nope"}}`, 404, "Compute host nope could not be found."},
		{"unknown host leaves", "admin", "POST /os-aggregates/2/action", `{"remove_host": {"host": "nope"}}`, 404, "Cannot remove host nope in aggregate 2"},
		{"host that is not there leaves", "admin", "POST /os-aggregates/2/action", `{"remove_host": {"host": "compute-1"}}`, 404, "Cannot remove host compute-1 in aggregate 2"},
		{"member", "demo", "POST /os-aggregates", `{"aggregate": {"name": "x"}}`, 403, "Policy doesn't allow os_compute_api:os-aggregates:create to be performed."},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := s.In(t)
			s.Changes(func() {
				r := s.As(c.role).Do(c.request, c.body)
				kind := map[int]string{400: "badRequest", 403: "forbidden", 404: "itemNotFound", 409: "conflictingRequest"}[c.status]
				r.Expect(c.status).Fault(kind, c.message)
			}).Expect()
		})
	}

	// Placement that is in the way all the time keeps a host where it is, but does
	// not keep one out.
	placement.conflicts = 100
	s.Changes(func() {
		admin.Do("POST /os-aggregates/1/action", `{"remove_host": {"host": "compute-1"}}`).Expect(409).Fault("conflictingRequest", "A conflict was encountered attempting to update resource provider "+node+"*")
	}).Expect()
	admin.Do("POST /os-aggregates/3/action", `{"add_host": {"host": "compute-1"}}`).Expect(200)
}

func TestAggregateImages(t *testing.T) {
	t.Parallel()
	const image = "70a599e0-31e7-49b7-b260-868f441e862b"
	glance := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/v2/images/"+image {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		_, _ = w.Write([]byte(`{"id": "` + image + `"}`))
	}))
	defer glance.Close()
	s := novatest.New(t, novatest.Conf("[glance]\nendpoint_override = "+glance.URL))
	admin := s.As("admin").MV("2.81")
	admin.Do("POST /os-aggregates", `{"aggregate": {"name": "a"}}`).Expect(200)
	s.Messages(func() {
		admin.Do("POST /os-aggregates/1/images", `{"cache": [{"id": "`+image+`"}]}`).Expect(202)
	}).Expect("cast conductor cache_images 1.21 aggregate=Aggregate/1.3 image_ids=[" + image + "]")
	s.Messages(func() {
		admin.Do("POST /os-aggregates/1/images", `{"cache": [{"id": "`+image+`"}, {"id": "`+image+`"}]}`).Expect(400).Fault("badRequest", "Duplicate images in request")
		admin.Do("POST /os-aggregates/1/images", `{"cache": [{"id": "00000000-0000-4000-8000-000000000000"}]}`).Expect(400).Fault("badRequest", "Image 00000000-0000-4000-8000-000000000000 could not be found.")
		admin.Do("POST /os-aggregates/9/images", `{"cache": [{"id": "`+image+`"}]}`).Expect(404)
		s.As("admin").MV("2.80").Do("POST /os-aggregates/1/images", `{"cache": [{"id": "`+image+`"}]}`).Expect(404)
	}).Expect()
}
