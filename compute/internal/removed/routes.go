// Package removed is the APIs that Nova has removed: each answers 410 and nothing else.
package removed

import (
	"github.com/nova-go/nova/compute/internal/api"
	"github.com/nova-go/nova/compute/internal/mv"
)

// Routes lists the rows.
func Routes() []api.Route {
	return []api.Route{
		{Op: "cells.index", Method: "GET", Path: "/os-cells", Gone: 410,
			Query: api.Since{mv.Legacy: "cells.index.query"}},
		{Op: "cells.create", Method: "POST", Path: "/os-cells", Gone: 410,
			Body: api.Since{mv.Legacy: "cells.create.body"}},
		{Op: "cells.capacities", Method: "GET", Path: "/os-cells/capacities", Gone: 410,
			Query: api.Since{mv.Legacy: "cells.capacities.query"}},
		{Op: "cells.detail", Method: "GET", Path: "/os-cells/detail", Gone: 410,
			Query: api.Since{mv.Legacy: "cells.detail.query"}},
		{Op: "cells.info", Method: "GET", Path: "/os-cells/info", Gone: 410,
			Query: api.Since{mv.Legacy: "cells.info.query"}},
		{Op: "cells.sync_instances", Method: "POST", Path: "/os-cells/sync_instances", Gone: 410,
			Body: api.Since{mv.Legacy: "cells.sync_instances.body"}},
		{Op: "cells.delete", Method: "DELETE", Path: "/os-cells/{id}", Gone: 410},
		{Op: "cells.show", Method: "GET", Path: "/os-cells/{id}", Gone: 410,
			Query: api.Since{mv.Legacy: "cells.show.query"}},
		{Op: "cells.update", Method: "PUT", Path: "/os-cells/{id}", Gone: 410,
			Body: api.Since{mv.Legacy: "cells.update.body"}},
		{Op: "cells.capacities", Method: "GET", Path: "/os-cells/{id}/capacities", Gone: 410,
			Query: api.Since{mv.Legacy: "cells.capacities.query"}},
		{Op: "certificates.create", Method: "POST", Path: "/os-certificates", Gone: 410,
			Body: api.Since{mv.Legacy: "certificates.create.body"}},
		{Op: "certificates.show", Method: "GET", Path: "/os-certificates/{id}", Gone: 410,
			Query: api.Since{mv.Legacy: "certificates.show.query"}},
		{Op: "cloudpipe.index", Method: "GET", Path: "/os-cloudpipe", Gone: 410,
			Query: api.Since{mv.Legacy: "cloudpipe.index.query"}},
		{Op: "cloudpipe.create", Method: "POST", Path: "/os-cloudpipe", Gone: 410,
			Body: api.Since{mv.Legacy: "cloudpipe.create.body"}},
		{Op: "cloudpipe.update", Method: "PUT", Path: "/os-cloudpipe/{id}", Gone: 410,
			Body: api.Since{mv.Legacy: "cloudpipe.update.body"}},
	}
}
