package devcloud

import (
	"net/http"
	"strings"
)

// image stands in for Glance: for now one without images.
type image struct{ url string }

func (i *image) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch path := strings.TrimRight(r.URL.Path, "/"); path {
	case "", "/versions":
		answer(w, http.StatusMultipleChoices, map[string]any{"versions": []any{map[string]any{"id": "v2.9", "status": "CURRENT",
			"links": []any{map[string]string{"rel": "self", "href": i.url + "/image/v2/"}}}}})
	case "/v2/images":
		answer(w, http.StatusOK, map[string]any{"images": []any{}, "schema": "/v2/schemas/images", "first": "/v2/images"})
	default:
		answer(w, http.StatusNotFound, fault(http.StatusNotFound, "The resource could not be found."))
	}
}
