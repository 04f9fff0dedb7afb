package placement

import (
	"context"
	"net/url"

	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/reqctx"
)

// totals is the version of Placement's API that adds up what projects use.
const totals = "1.9"

// Usages answers what a project, or a user in it where user is not empty, holds of
// each resource class; classes of which it holds nothing are not there. Errors:
// UsagesRetrievalFailed, PlacementAPIConnectFailure.
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
	err := c.get(ctx, caller, totals, "usages?"+query.Encode(), &found)
	if err != nil && status(err) != 0 {
		err = &objects.Error{Class: objects.ErrUsagesRetrievalFailed, Message: "Failed to retrieve usages for project '" + project + "' and user '" + who + "'.", Cause: err}
	}
	return found.Usages, err
}
