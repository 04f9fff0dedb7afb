package network

import (
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"github.com/nova-go/nova/internal/devcloud/resource"
)

// addressGroupCollection is the collection of address groups, which rules of security groups name.
func (s *Service) addressGroupCollection() collection {
	return collection{kind: addressGroups, singular: "address_group", class: "AddressGroup", noun: "Address group", create: s.newAddressGroup,
		readOnly: []string{"addresses"}, remove: func(d resource.Doc) error {
			if len(s.o.Store.Find(rules, "remote_address_group_id", d["id"])) > 0 {
				return resource.Errorf(http.StatusConflict, "AddressGroupInUse",
					"Address group %s is in use on one or more security group rules.", d["id"])
			}
			return nil
		}}
}

func (s *Service) registerAddressGroups(c collection) {
	change := func(path string, f func(d resource.Doc, given []string) ([]string, error)) {
		s.mux.Handle("PUT "+c.path()+"/{id}/"+path, func(r *resource.Request) (any, error) {
			d, err := s.find(c, r)
			if err != nil {
				return nil, err
			}
			if !r.Caller.Can(resource.Text(d, "project_id")) {
				return nil, disallowed(path)
			}
			body, err := r.Body("")
			if err != nil {
				return nil, err
			}
			given, err := addressesOf(body)
			if err != nil {
				return nil, err
			}
			list, err := f(d, given)
			if err != nil {
				return nil, err
			}
			d, err = s.update(c, resource.Text(d, "id"), resource.Doc{"addresses": resource.Anys(list)})
			return map[string]any{c.singular: resource.Shown(d)}, err
		})
	}
	change("add_addresses", func(d resource.Doc, given []string) ([]string, error) {
		has := resource.Strings(d, "addresses")
		if both := slices.DeleteFunc(slices.Clone(given), func(a string) bool { return !slices.Contains(has, a) }); len(both) > 0 {
			return nil, resource.Errorf(http.StatusBadRequest, "AddressesAlreadyExist", "Addresses %s already exist in the address group %s.",
				quoted(both), d["id"])
		}
		return append(has, given...), nil
	})
	change("remove_addresses", func(d resource.Doc, given []string) ([]string, error) {
		has := resource.Strings(d, "addresses")
		if others := slices.DeleteFunc(slices.Clone(given), func(a string) bool { return slices.Contains(has, a) }); len(others) > 0 {
			return nil, resource.Errorf(http.StatusNotFound, "AddressesNotFound", "Addresses %s not found in the address group %s.",
				quoted(others), d["id"])
		}
		return slices.DeleteFunc(has, func(a string) bool { return slices.Contains(given, a) }), nil
	})
}

// quoted returns a list in the form of Python.
func quoted(list []string) string { return "['" + strings.Join(list, "', '") + "']" }

func (s *Service) newAddressGroup(r *resource.Request, id string, body resource.Doc) (resource.Doc, error) {
	list, err := addressesOf(body)
	if err != nil {
		return nil, err
	}
	d := s.commonFields(id, r.Project(body), body)
	d["addresses"] = resource.Anys(list)
	return d, nil
}

// addressesOf returns the prefixes in a body; an address is a prefix of its whole length.
func addressesOf(body resource.Doc) ([]string, error) {
	list := []string{}
	for _, text := range resource.Strings(body, "addresses") {
		p, err := netip.ParsePrefix(text)
		if a, failed := netip.ParseAddr(text); err != nil && failed == nil {
			p, err = netip.PrefixFrom(a, a.BitLen()), nil
		}
		if err != nil {
			return nil, bad("Invalid input for addresses. Reason: '%s' is not a valid IP subnet.", text)
		}
		list = append(list, p.Masked().String())
	}
	return list, nil
}
