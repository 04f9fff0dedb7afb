package vendordata

import (
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/nova-go/nova/internal/pyjson"
)

// File is the file of [api] vendordata_jsonfile_path. It is read again after a change.
type File struct {
	Path string // "": no file; JSON returns {}

	mu      sync.Mutex
	text    []byte
	size    int64
	changed time.Time
}

// JSON returns the content of the file in Nova's JSON format.
func (f *File) JSON() ([]byte, error) {
	if f.Path == "" {
		return []byte("{}"), nil
	}
	at, err := os.Stat(f.Path)
	if err != nil {
		return nil, fmt.Errorf("vendordata_jsonfile_path: %w", err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.text != nil && at.Size() == f.size && at.ModTime().Equal(f.changed) {
		return f.text, nil
	}
	text, err := os.ReadFile(f.Path)
	if err != nil {
		return nil, fmt.Errorf("vendordata_jsonfile_path: %w", err)
	}
	v, err := pyjson.Parse(text)
	if err != nil {
		return nil, fmt.Errorf("vendordata_jsonfile_path: %s: %w", f.Path, err)
	}
	f.text, f.size, f.changed = pyjson.Append(nil, v), at.Size(), at.ModTime()
	return f.text, nil
}
