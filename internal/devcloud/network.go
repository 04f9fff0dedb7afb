package devcloud

import "net/http"

// network stands in for Neutron: for now one without ports, which is what a
// cloud without servers has.
type network struct{}

func (n *network) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/v2.0/ports":
		answer(w, http.StatusOK, map[string]any{"ports": []any{}})
	case "/v2.0/security-groups":
		answer(w, http.StatusOK, map[string]any{"security_groups": []any{}})
	case "/v2.0/extensions":
		answer(w, http.StatusOK, map[string]any{"extensions": []any{map[string]string{"alias": "ip-substring-filtering"}}})
	default:
		answer(w, http.StatusNotFound, fault(http.StatusNotFound, "The resource could not be found."))
	}
}
