package objects

import "time"

// ServerGroup is a server group: a row of instance_groups with its policy and members.
type ServerGroup struct {
	ID        int64
	UUID      string
	Name      *string
	ProjectID string
	UserID    string
	Policy    *string           // nil: the group has no row in instance_group_policy
	Rules     map[string]string // of the policy: "max_server_per_host"
	Members   []string          // UUIDs of servers, including deleted ones
	CreatedAt *time.Time
	UpdatedAt *time.Time
}

// ServerGroupNotFound returns Nova's InstanceGroupNotFound.
func ServerGroupNotFound(uuid string) error {
	return ErrInstanceGroupNotFound.Errorf(KindNotFound, "Instance group %s could not be found.", uuid)
}
