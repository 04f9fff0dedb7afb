package placement

import (
	"context"
	"net/url"

	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/reqctx"
)

// usagesVersion is the microversion of Placement that adds the usage of projects.
const usagesVersion = "1.9"

// Usages returns the usage of a project, or of a user in it if user is not empty, by resource
// class; unused classes are left out. Errors: UsagesRetrievalFailed,
// PlacementAPIConnectFailure.
func (c *Client) Usages(ctx context.Context, caller *reqctx.Caller, project, user string) (map[string]int64, error) {
	query := url.Values{"project_id": {project}}
	who := "N/A"
	if user != "" {
		query.Set("user_id", user)
		who = user
	}
	var found struct {
		Usages map[string]int64 `json:"usages"`
	}
	err := c.get(ctx, caller, usagesVersion, "usages?"+query.Encode(), &found)
	if err != nil && statusOf(err) != 0 {
		err = &objects.Error{Class: objects.ErrUsagesRetrievalFailed,
			Message: "Failed to retrieve usages for project '" + project + "' and user '" + who + "'.", Cause: err}
	}
	return found.Usages, err
}
