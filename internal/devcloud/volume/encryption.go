package volume

import (
	"maps"
	"net/http"
	"slices"

	"github.com/google/uuid"

	"github.com/nova-go/nova/internal/devcloud/resource"
)

// encryptionFields are the attributes of the encryption of a volume type.
var encryptionFields = []string{"provider", "control_location", "cipher", "key_size"}

// registerEncryption registers the operations on the encryption of volume types, for administrators.
// The encryption is in the internal field _encryption of the type. Volumes have no content, and are
// not encrypted.
func (s *Service) registerEncryption() {
	const path = "/v3/types/{id}/encryption"
	handle := func(pattern string, do func(r *resource.Request, encryption resource.Doc) (any, error)) {
		s.mux.Handle(pattern, func(r *resource.Request) (any, error) {
			if err := adminsOnly(r, "volume_extension:volume_type_encryption"); err != nil {
				return nil, err
			}
			id := r.PathValue("id")
			d := s.o.Store.Get(types, id)
			if d == nil {
				return nil, resource.Errorf(http.StatusNotFound, "", "Volume type %s could not be found.", id)
			}
			return do(r, resource.Object(d, "_encryption"))
		})
	}
	handle("GET "+path, func(_ *resource.Request, e resource.Doc) (any, error) { return e, nil })
	handle("GET "+path+"/{key}", func(r *resource.Request, e resource.Doc) (any, error) {
		key := r.PathValue("key")
		if value, there := e[key]; there {
			return resource.Doc{key: value}, nil
		}
		return nil, notEncrypted(r)
	})
	handle("POST "+path, func(r *resource.Request, e resource.Doc) (any, error) {
		if len(e) > 0 {
			return nil, bad("Volume type encryption for type %s already exists.", r.PathValue("id"))
		}
		body, err := r.Body("encryption")
		if err != nil {
			return nil, err
		}
		for _, field := range []string{"provider", "control_location"} {
			if body[field] == nil {
				return nil, bad("Invalid input for field/attribute encryption. '%s' is a required property", field)
			}
		}
		made := resource.Doc{"encryption_id": uuid.NewString(), "volume_type_id": r.PathValue("id"), "created_at": s.o.Store.NowMicro(),
			"updated_at": nil, "deleted_at": nil, "deleted": false}
		if err := s.encrypt(r, made, body); err != nil {
			return nil, err
		}
		shown := resource.Doc{"encryption_id": made["encryption_id"], "volume_type_id": made["volume_type_id"]}
		for _, field := range encryptionFields {
			shown[field] = made[field]
		}
		return &resource.Reply{Status: http.StatusOK, Body: map[string]any{"encryption": shown}}, nil
	})
	handle("PUT "+path+"/{encryption}", func(r *resource.Request, e resource.Doc) (any, error) {
		if len(e) == 0 {
			return nil, notEncrypted(r)
		}
		body, err := r.Body("encryption")
		if err != nil {
			return nil, err
		}
		e = maps.Clone(e)
		e["updated_at"] = s.o.Store.NowMicro()
		return map[string]any{"encryption": body}, s.encrypt(r, e, body)
	})
	handle("DELETE "+path+"/{encryption}", func(r *resource.Request, e resource.Doc) (any, error) {
		if len(e) == 0 {
			return nil, notEncrypted(r)
		}
		return accepted(s.setEncryption(r, nil))
	})
}

func notEncrypted(r *resource.Request) error {
	return resource.Errorf(http.StatusNotFound, "", "Volume type encryption for type %s does not exist.", r.PathValue("id"))
}

// encrypt writes the attributes in body into an encryption and stores it.
func (s *Service) encrypt(r *resource.Request, e, body resource.Doc) error {
	if where := body["control_location"]; where != nil && !slices.Contains([]any{"front-end", "back-end"}, where) {
		return bad("Invalid input for field/attribute control_location. Value: %v. '%v' is not one of ['front-end', 'back-end']", where, where)
	}
	for _, field := range encryptionFields {
		if value, given := body[field]; given || e[field] == nil {
			e[field] = value
		}
	}
	return s.setEncryption(r, e)
}

func (s *Service) setEncryption(r *resource.Request, e resource.Doc) error {
	_, err := s.o.Store.Update(types, r.PathValue("id"), func(d resource.Doc) error {
		if d["_encryption"] = e; e == nil {
			delete(d, "_encryption")
		}
		return nil
	})
	return err
}
