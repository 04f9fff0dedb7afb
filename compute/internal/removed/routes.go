// Package removed has the rows of APIs that Nova has removed, which answer 410.
package removed

import (
	"github.com/nova-go/nova/compute/internal/api"
	"github.com/nova-go/nova/compute/internal/mv"
)

// Routes lists the removed operations.
func Routes() []api.Route {
	return []api.Route{
		{Op: "cells.index", Method: "GET", Path: "/os-cells", Gone: 410,
			Query: api.At(mv.Legacy)},
		{Op: "cells.create", Method: "POST", Path: "/os-cells", Gone: 410,
			Body: api.At(mv.Legacy)},
		{Op: "cells.capacities", Method: "GET", Path: "/os-cells/capacities", Gone: 410,
			Query: api.At(mv.Legacy)},
		{Op: "cells.detail", Method: "GET", Path: "/os-cells/detail", Gone: 410,
			Query: api.At(mv.Legacy)},
		{Op: "cells.info", Method: "GET", Path: "/os-cells/info", Gone: 410,
			Query: api.At(mv.Legacy)},
		{Op: "cells.sync_instances", Method: "POST", Path: "/os-cells/sync_instances", Gone: 410,
			Body: api.At(mv.Legacy)},
		{Op: "cells.delete", Method: "DELETE", Path: "/os-cells/{id}", Gone: 410},
		{Op: "cells.show", Method: "GET", Path: "/os-cells/{id}", Gone: 410,
			Query: api.At(mv.Legacy)},
		{Op: "cells.update", Method: "PUT", Path: "/os-cells/{id}", Gone: 410,
			Body: api.At(mv.Legacy)},
		{Op: "cells.capacities", Method: "GET", Path: "/os-cells/{id}/capacities", Gone: 410,
			Query: api.At(mv.Legacy)},
		{Op: "certificates.create", Method: "POST", Path: "/os-certificates", Gone: 410,
			Body: api.At(mv.Legacy)},
		{Op: "certificates.show", Method: "GET", Path: "/os-certificates/{id}", Gone: 410,
			Query: api.At(mv.Legacy)},
		{Op: "cloudpipe.index", Method: "GET", Path: "/os-cloudpipe", Gone: 410,
			Query: api.At(mv.Legacy)},
		{Op: "cloudpipe.create", Method: "POST", Path: "/os-cloudpipe", Gone: 410,
			Body: api.At(mv.Legacy)},
		{Op: "cloudpipe.update", Method: "PUT", Path: "/os-cloudpipe/{id}", Gone: 410,
			Body: api.At(mv.Legacy)},
	}
}
