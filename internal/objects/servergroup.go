package objects

import "time"

// ServerGroup is a group of servers with the policy that places them: a row of
// instance_groups with those of its policy and members.
type ServerGroup struct {
	ID        int64
	UUID      string
	Name      *string
	ProjectID string
	UserID    string
	Policy    *string           // nil: the row is missing
	Rules     map[string]string // of the policy: "max_server_per_host"
	Members   []string          // UUIDs of servers, deleted ones among them
	CreatedAt *time.Time
	UpdatedAt *time.Time
}

// ServerGroupNotFound is Nova's InstanceGroupNotFound.
func ServerGroupNotFound(uuid string) error {
	return ErrInstanceGroupNotFound.Errorf(KindNotFound, "Instance group %s could not be found.", uuid)
}
