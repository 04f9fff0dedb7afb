// Package resource is the base of the stand-ins: documents that are stored in a database, and the
// conventions of OpenStack's REST APIs.
package resource

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"sync"
	"time"

	"github.com/nova-go/nova/internal/clock"
	"github.com/nova-go/nova/internal/db"
)

// Doc is a resource as its API shows it. Fields whose names begin with "_" are internal. A Doc in
// a Store is never modified, only replaced.
type Doc = map[string]any

// ErrNotFound is the error of Update for a document that does not exist.
var ErrNotFound = errors.New("no such document")

// Store has documents by kind and id, in memory and in a table of a database. A change is visible
// after it has been written to the table.
type Store struct {
	db  *db.DB
	now func() time.Time

	writing sync.Mutex // held while documents change; readers do not wait for it

	mu    sync.RWMutex
	kinds map[string]*kind
}

type kind struct {
	ids  []string // in the order of creation
	docs map[string]Doc
}

// Open reads the documents of a database, and creates their table if necessary. The time of ctx is
// that of the store.
func Open(ctx context.Context, d *db.DB) (*Store, error) {
	s := &Store{db: d, now: func() time.Time { return clock.Now(ctx) }, kinds: map[string]*kind{}}
	if _, err := db.Exec(ctx, d, "CREATE TABLE IF NOT EXISTS documents (n INTEGER PRIMARY KEY, kind TEXT NOT NULL, id TEXT NOT NULL, body "+
		"TEXT NOT NULL, UNIQUE (kind, id))"); err != nil {
		return nil, err
	}
	return s, s.load(ctx)
}

// load adds the documents of the table to those in memory.
func (s *Store) load(ctx context.Context) error {
	return s.db.Each(ctx, func(r *sql.Rows) error {
		var name, id string
		var body []byte
		if err := r.Scan(&name, &id, &body); err != nil {
			return err
		}
		doc, err := decode(body)
		if err != nil {
			return fmt.Errorf("%s %s: %w", name, id, err)
		}
		s.set(name, id, doc)
		return nil
	}, "SELECT kind, id, body FROM documents ORDER BY n")
}

// Replace calls f, which replaces the content of the table, and reads the table again. Other
// writers wait.
func (s *Store) Replace(ctx context.Context, f func() error) error {
	s.writing.Lock()
	defer s.writing.Unlock()
	if err := f(); err != nil {
		return err
	}
	s.mu.Lock()
	s.kinds = map[string]*kind{}
	s.mu.Unlock()
	return s.load(ctx)
}

func decode(body []byte) (Doc, error) {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	var doc Doc
	err := d.Decode(&doc)
	return doc, err
}

func (s *Store) set(name, id string, d Doc) {
	s.mu.Lock()
	defer s.mu.Unlock()
	k := s.kinds[name]
	if k == nil {
		k = &kind{docs: map[string]Doc{}}
		s.kinds[name] = k
	}
	if _, there := k.docs[id]; !there {
		k.ids = append(k.ids, id)
	}
	k.docs[id] = d
}

// Get returns a document, or nil.
func (s *Store) Get(name, id string) Doc {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if k := s.kinds[name]; k != nil {
		return k.docs[id]
	}
	return nil
}

// All returns the documents of a kind in the order of creation.
func (s *Store) All(name string) []Doc {
	s.mu.RLock()
	defer s.mu.RUnlock()
	k := s.kinds[name]
	if k == nil {
		return nil
	}
	all := make([]Doc, len(k.ids))
	for n, id := range k.ids {
		all[n] = k.docs[id]
	}
	return all
}

// Find returns the documents of a kind with a value in a field.
func (s *Store) Find(name, field string, value any) []Doc {
	var found []Doc
	for _, d := range s.All(name) {
		if d[field] == value {
			found = append(found, d)
		}
	}
	return found
}

// Put stores a document. The caller must not use it afterwards.
func (s *Store) Put(name, id string, d Doc) error {
	s.writing.Lock()
	defer s.writing.Unlock()
	return s.write(name, id, d)
}

func (s *Store) write(name, id string, d Doc) error {
	body, err := json.Marshal(d)
	if err != nil {
		return err
	}
	if _, err := db.Exec(context.Background(), s.db,
		"INSERT INTO documents (kind, id, body) VALUES (?, ?, ?) ON CONFLICT (kind, id) DO UPDATE SET body = excluded.body", name, id,
		string(body)); err != nil {
		return err
	}
	s.set(name, id, d)
	return nil
}

// Update changes a copy of a document and stores it. f must replace values instead of modifying
// them, and must not write to the store, because other writers wait. The error is f's, or
// ErrNotFound.
func (s *Store) Update(name, id string, f func(Doc) error) (Doc, error) {
	s.writing.Lock()
	defer s.writing.Unlock()
	d := maps.Clone(s.Get(name, id))
	if d == nil {
		return nil, ErrNotFound
	}
	if err := f(d); err != nil {
		return nil, err
	}
	return d, s.write(name, id, d)
}

// Create stores a document that f makes. Other writers wait, so that what f chooses (an address)
// is still unused when the document is stored.
func (s *Store) Create(name, id string, f func(all []Doc) (Doc, error)) (Doc, error) {
	s.writing.Lock()
	defer s.writing.Unlock()
	d, err := f(s.All(name))
	if err != nil {
		return nil, err
	}
	return d, s.write(name, id, d)
}

// Delete deletes a document. there tells whether it existed.
func (s *Store) Delete(name, id string) (there bool, err error) {
	s.writing.Lock()
	defer s.writing.Unlock()
	if s.Get(name, id) == nil {
		return false, nil
	}
	if _, err := db.Exec(context.Background(), s.db, "DELETE FROM documents WHERE kind = ? AND id = ?", name, id); err != nil {
		return false, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	k := s.kinds[name]
	delete(k.docs, id)
	for n, other := range k.ids {
		if other == id {
			k.ids = append(k.ids[:n:n], k.ids[n+1:]...)
			break
		}
	}
	return true, nil
}

// Clear deletes all documents.
func (s *Store) Clear() error {
	s.writing.Lock()
	defer s.writing.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	_, err := db.Exec(context.Background(), s.db, "DELETE FROM documents")
	if err == nil {
		s.kinds = map[string]*kind{}
	}
	return err
}

// Everything returns all documents by kind, without internal fields.
func (s *Store) Everything() map[string][]Doc {
	s.mu.RLock()
	var names []string
	for name := range s.kinds {
		names = append(names, name)
	}
	s.mu.RUnlock()
	all := map[string][]Doc{}
	for _, name := range names {
		all[name] = []Doc{}
		for _, d := range s.All(name) {
			all[name] = append(all[name], Shown(d))
		}
	}
	return all
}

// Now returns the current time in the form of most services: "2026-11-21T15:44:15Z".
func (s *Store) Now() string { return s.now().UTC().Format("2006-01-02T15:04:05Z") }

// NowMicro returns the current time in Cinder's form: "2026-11-21T15:44:15.000000".
func (s *Store) NowMicro() string { return s.now().UTC().Format("2006-01-02T15:04:05.000000") }
