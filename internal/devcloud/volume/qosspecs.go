package volume

import (
	"maps"
	"net/http"

	"github.com/google/uuid"

	"github.com/nova-go/nova/internal/devcloud/resource"
)

// consumers are the services that QoS specs can be for.
var consumers = map[string]bool{"back-end": true, "front-end": true, "both": true}

// registerQoSSpecs registers the operations on QoS specs, for administrators. They have no effect:
// volumes have no content.
func (s *Service) registerQoSSpecs() {
	handle := func(pattern string, do func(r *resource.Request, d resource.Doc) (any, error)) {
		s.mux.Handle(pattern, func(r *resource.Request) (any, error) {
			if err := adminsOnly(r, "volume_extension:qos_specs_manage"); err != nil {
				return nil, err
			}
			id := r.PathValue("id")
			d := s.o.Store.Get(qosSpecs, id)
			if id != "" && d == nil {
				return nil, resource.Errorf(http.StatusNotFound, "", "No such QoS spec %s.", id)
			}
			return do(r, d)
		})
	}
	const path = "/v3/qos-specs"
	handle("GET "+path, func(r *resource.Request, _ resource.Doc) (any, error) {
		page, _ := resource.Query{Only: []string{}}.Select(s.o.Store.All(qosSpecs), r.URL.Query())
		return map[string]any{"qos_specs": page}, nil
	})
	handle("POST "+path, s.createQoSSpecs)
	handle("GET "+path+"/{id}", func(_ *resource.Request, d resource.Doc) (any, error) { return s.shownQoSSpecs(d), nil })
	handle("PUT "+path+"/{id}", s.updateQoSSpecs)
	handle("DELETE "+path+"/{id}", s.deleteQoSSpecs)
	handle("PUT "+path+"/{id}/delete_keys", s.deleteQoSKeys)
	handle("GET "+path+"/{id}/associations", func(_ *resource.Request, d resource.Doc) (any, error) {
		list := []any{}
		for _, kind := range s.o.Store.Find(types, "qos_specs_id", d["id"]) {
			list = append(list, resource.Doc{"association_type": "volume_type", "name": kind["name"], "id": kind["id"]})
		}
		return map[string]any{"qos_associations": list}, nil
	})
	handle("GET "+path+"/{id}/associate", s.associate(func(d resource.Doc) any { return d["id"] }))
	handle("GET "+path+"/{id}/disassociate", s.associate(func(resource.Doc) any { return nil }))
	handle("GET "+path+"/{id}/disassociate_all", func(_ *resource.Request, d resource.Doc) (any, error) {
		return accepted(s.disassociate(d["id"]))
	})
}

// shownQoSSpecs returns the answer that shows QoS specs.
func (s *Service) shownQoSSpecs(d resource.Doc) any {
	links := []any{}
	for _, l := range []struct{ rel, version string }{{"self", "/v3"}, {"bookmark", ""}} {
		links = append(links, map[string]string{"rel": l.rel, "href": s.o.URL + l.version + "/qos-specs/" + resource.Text(d, "id")})
	}
	return &resource.Reply{Status: http.StatusOK, Body: map[string]any{"qos_specs": d, "links": links}}
}

func (s *Service) createQoSSpecs(r *resource.Request, _ resource.Doc) (any, error) {
	specs, err := r.Body("qos_specs")
	if err != nil {
		return nil, err
	}
	specs = maps.Clone(specs)
	d := resource.Doc{"id": uuid.NewString(), "name": specs["name"], "consumer": resource.Or(specs, "consumer", "back-end"), "specs": specs}
	delete(specs, "name")
	delete(specs, "consumer")
	if len(s.o.Store.Find(qosSpecs, "name", d["name"])) > 0 {
		return nil, resource.Errorf(http.StatusConflict, "", "QoS Specs %v already exists.", d["name"])
	}
	if err := checkConsumer(d); err != nil {
		return nil, err
	}
	return s.shownQoSSpecs(d), s.o.Store.Put(qosSpecs, resource.Text(d, "id"), d)
}

// checkConsumer refuses an unknown consumer.
func checkConsumer(d resource.Doc) error {
	if consumers[resource.Text(d, "consumer")] {
		return nil
	}
	return bad("Invalid qos specs: Valid consumer of QoS specs are: QoSConsumerValues(default=<class 'oslo_versionedobjects.fields." +
		"UnspecifiedDefault'>,nullable=False,valid_values=('back-end', 'front-end', 'both'))")
}

func (s *Service) updateQoSSpecs(r *resource.Request, d resource.Doc) (any, error) {
	body, err := r.Body("qos_specs")
	if err != nil {
		return nil, err
	}
	_, err = s.o.Store.Update(qosSpecs, resource.Text(d, "id"), func(d resource.Doc) error {
		specs := maps.Clone(resource.Object(d, "specs"))
		maps.Copy(specs, body)
		d["consumer"] = resource.Or(specs, "consumer", d["consumer"])
		delete(specs, "consumer")
		d["specs"] = specs
		return checkConsumer(d)
	})
	return map[string]any{"qos_specs": body}, err
}

func (s *Service) deleteQoSSpecs(r *resource.Request, d resource.Doc) (any, error) {
	if len(s.o.Store.Find(types, "qos_specs_id", d["id"])) > 0 {
		if !resource.Bool(resource.Doc{"force": r.URL.Query().Get("force")}, "force") {
			return nil, bad("Qos specs still in use.")
		}
		if err := s.disassociate(d["id"]); err != nil {
			return nil, err
		}
	}
	_, err := s.o.Store.Delete(qosSpecs, resource.Text(d, "id"))
	return accepted(err)
}

func (s *Service) deleteQoSKeys(r *resource.Request, d resource.Doc) (any, error) {
	body, err := r.Body("")
	if err != nil {
		return nil, err
	}
	_, err = s.o.Store.Update(qosSpecs, resource.Text(d, "id"), func(d resource.Doc) error {
		specs := maps.Clone(resource.Object(d, "specs"))
		for _, key := range resource.Strings(body, "keys") {
			if _, there := specs[key]; !there {
				return resource.Errorf(http.StatusNotFound, "", "QoS spec %s has no spec with key %s.", d["id"], key)
			}
			delete(specs, key)
		}
		d["specs"] = specs
		return nil
	})
	return accepted(err)
}

// associate returns a handler that sets the QoS specs of the volume type in the query.
func (s *Service) associate(of func(specs resource.Doc) any) func(r *resource.Request, d resource.Doc) (any, error) {
	return func(r *resource.Request, d resource.Doc) (any, error) {
		id := r.URL.Query().Get("vol_type_id")
		kind := s.o.Store.Get(types, id)
		if kind == nil {
			return nil, resource.Errorf(http.StatusNotFound, "", "Volume type %s could not be found.", id)
		}
		return accepted(s.setQoSSpecs(id, of(d)))
	}
}

func (s *Service) setQoSSpecs(kind string, specs any) error {
	_, err := s.o.Store.Update(types, kind, func(d resource.Doc) error { d["qos_specs_id"] = specs; return nil })
	return err
}

// disassociate removes QoS specs from all volume types.
func (s *Service) disassociate(specs any) error {
	for _, kind := range s.o.Store.Find(types, "qos_specs_id", specs) {
		if err := s.setQoSSpecs(resource.Text(kind, "id"), nil); err != nil {
			return err
		}
	}
	return nil
}
