package devcloud

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/nova-go/nova/internal/devcloud/private"
	"github.com/nova-go/nova/internal/release"
)

// releaseFile is the file of a state directory with the release of its databases.
const releaseFile = "release"

// chooseRelease determines the release of the cloud: that of its databases, or if they do not
// exist that of asked, or the newest one if asked is empty.
func (c *Cloud) chooseRelease(asked string) error {
	if asked != "" {
		var err error
		if c.release, err = release.Find(asked); err != nil {
			return fmt.Errorf("--release: %w", err)
		}
	}
	text, err := os.ReadFile(filepath.Join(c.state, releaseFile))
	id := strings.TrimSpace(string(text))
	_, missing := os.Stat(filepath.Join(c.state, "nova_api.sqlite"))
	switch {
	case errors.Is(err, fs.ErrNotExist) && missing == nil && c.databases == nil:
		id = release.Newest().ID // a state directory without this file is of the release that had no others
	case errors.Is(err, fs.ErrNotExist):
		if c.release.ID == "" {
			c.release = release.Newest()
		}
		return private.Write(filepath.Join(c.state, releaseFile), []byte(c.release.ID+"\n"))
	case err != nil:
		return fmt.Errorf("--state: %w", err)
	}
	was, err := release.Find(id)
	if err != nil {
		return fmt.Errorf("--state: %s: %w", filepath.Join(c.state, releaseFile), err)
	}
	if asked != "" && was != c.release {
		return fmt.Errorf("--release: the state directory %s has the databases of Nova %s: name another directory with --state", c.state, was)
	}
	c.release = was
	return nil
}

// schemaSteps are the changes of the main databases' schema by the release that brought them, the
// newest first, as statements that take them back.
var schemaSteps = []struct {
	since int // major version
	back  []string
}{
	{34, []string{
		"DROP INDEX migrations_by_dest_host_nodes_and_status_idx",
		"DROP INDEX migrations_by_src_host_nodes_and_status_idx",
	}},
	{31, []string{
		"ALTER TABLE console_auth_tokens DROP COLUMN tls_port",
		"DROP TABLE share_mapping",
		"CREATE TABLE share_mapping ( created_at DATETIME, updated_at DATETIME, id INTEGER NOT NULL, uuid VARCHAR(36), " +
			"instance_uuid VARCHAR(36), share_id VARCHAR(36), status VARCHAR(32), tag VARCHAR(48), export_location TEXT, " +
			"share_proto VARCHAR(32), PRIMARY KEY (id) )",
		"CREATE INDEX share_idx ON share_mapping (share_id)",
		"CREATE INDEX share_mapping_instance_uuid_share_id_idx ON share_mapping (instance_uuid, share_id)",
	}},
}

// cellSchema returns the statements that create a cell database as the release has it.
func (c *Cloud) cellSchema() string {
	var b strings.Builder
	b.WriteString(cellSchema)
	for _, step := range schemaSteps {
		if c.release.Major < step.since {
			b.WriteString(strings.Join(step.back, ";\n") + ";\n")
		}
	}
	fmt.Fprintf(&b, "UPDATE alembic_version SET version_num = '%s';\n", c.release.MainHead)
	return b.String()
}
