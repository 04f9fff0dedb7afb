// Package resource is what the stand-in services are made of: documents that
// survive the process, and the manners of OpenStack's REST APIs around them.
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

	"github.com/nova-go/nova/internal/db"
)

// Doc is a resource as its API shows it. Fields that begin with "_" are kept and
// not shown. A Doc in a Store is never changed, but replaced.
type Doc = map[string]any

// ErrNotFound is that of Update for a document that is not there.
var ErrNotFound = errors.New("no such document")

// Store keeps documents by their kind and id: in memory, and in one table of a
// database that each change is written to before it is seen.
type Store struct {
	db *db.DB

	writing sync.Mutex // held while a document is changed; readers go on

	mu    sync.RWMutex
	kinds map[string]*kind
}

type kind struct {
	ids  []string // in the order of creation
	docs map[string]Doc
}

// Open reads the documents of a database, whose table it makes if needed.
func Open(ctx context.Context, d *db.DB) (*Store, error) {
	s := &Store{db: d, kinds: map[string]*kind{}}
	if _, err := db.Exec(ctx, d, "CREATE TABLE IF NOT EXISTS documents (n INTEGER PRIMARY KEY, kind TEXT NOT NULL, id TEXT NOT NULL, body "+
		"TEXT NOT NULL, UNIQUE (kind, id))"); err != nil {
		return nil, err
	}
	err := d.Each(ctx, func(r *sql.Rows) error {
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
	return s, err
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

// Get answers a document, or nil.
func (s *Store) Get(name, id string) Doc {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if k := s.kinds[name]; k != nil {
		return k.docs[id]
	}
	return nil
}

// All answers the documents of a kind, in the order in which they were made.
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

// Find answers the documents of a kind whose field has a value.
func (s *Store) Find(name, field string, value any) []Doc {
	var found []Doc
	for _, d := range s.All(name) {
		if d[field] == value {
			found = append(found, d)
		}
	}
	return found
}

// Put keeps a document. The store owns it from now on.
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

// Update changes a copy of a document and keeps that. f must replace values, not
// change what is in them; nobody else writes meanwhile, and it must not write
// itself. The error is f's, or ErrNotFound.
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

// Create keeps a document that f makes while nobody else writes: what it takes
// (an address) is still free when the document is there.
func (s *Store) Create(name, id string, f func(all []Doc) (Doc, error)) (Doc, error) {
	s.writing.Lock()
	defer s.writing.Unlock()
	d, err := f(s.All(name))
	if err != nil {
		return nil, err
	}
	return d, s.write(name, id, d)
}

// Delete forgets a document; there tells whether there was one.
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

// Clear forgets everything.
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

// Everything are all documents by their kinds, without what is not shown.
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
