package compute

import (
	"fmt"

	"github.com/nova-go/nova/compute/internal/mv"
	"github.com/nova-go/nova/compute/internal/openapi"
)

// OpenAPI returns the OpenAPI 3.1 document, in JSON, of the operations of a microversion: "2.96",
// or "latest". For "" it describes all operations, each at the last microversion that serves it.
func OpenAPI(microversion string) ([]byte, error) {
	v := mv.Legacy
	if microversion != "" {
		var err error
		if v, err = mv.Parse(microversion, mv.Max); err != nil {
			return nil, fmt.Errorf("microversion: %w", err)
		}
	}
	return openapi.Document(allRoutes(), v)
}
