package control

import (
	"fmt"
	"net/http"
	"regexp"
	"time"
)

// Snapshot describes a kept state of the cloud.
type Snapshot struct {
	Name      string    `json:"name"`
	CreatedAt time.Time `json:"created_at"` // by the computer's clock
}

// snapshotName are the names of snapshots, which are also names of directories.
var snapshotName = regexp.MustCompile(`^[A-Za-z0-9_-][A-Za-z0-9._-]{0,63}$`)

func (a *API) listSnapshots(*http.Request) (any, error) { return a.Cloud.Snapshots() }

func (a *API) takeSnapshot(r *http.Request) (any, error) {
	name := r.PathValue("name")
	if !snapshotName.MatchString(name) {
		return nil, fmt.Errorf("name: %q is not a name of at most 64 letters, digits, -, _ and ., which does not begin with a dot", name)
	}
	return nil, a.Cloud.TakeSnapshot(r.Context(), name)
}

// restoreSnapshot removes the faults and forgets the requests, as a reset does.
func (a *API) restoreSnapshot(r *http.Request) (any, error) {
	name, err := a.existing(r)
	if err != nil {
		return nil, err
	}
	if err := a.forgive(r.Context()); err != nil {
		return nil, err
	}
	a.Recorder.Reset()
	return nil, a.Cloud.RestoreSnapshot(r.Context(), name)
}

func (a *API) deleteSnapshot(r *http.Request) (any, error) {
	name, err := a.existing(r)
	if err != nil {
		return nil, err
	}
	return nil, a.Cloud.DeleteSnapshot(name)
}

// existing returns the name of a snapshot in the path of a request.
func (a *API) existing(r *http.Request) (string, error) {
	list, err := a.Cloud.Snapshots()
	if err != nil {
		return "", err
	}
	var exist []string
	for _, s := range list {
		exist = append(exist, s.Name)
	}
	return r.PathValue("name"), oneOf("snapshot", r.PathValue("name"), exist)
}
