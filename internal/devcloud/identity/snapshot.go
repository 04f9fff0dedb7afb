package identity

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
)

// The files of a snapshot have the names of those in the state directory.
const (
	peopleFile = "people.json"
	tokenFile  = "tokens.json"
)

// Save writes the users, projects and tokens into a directory.
func (s *Service) Save(dir string) error {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return errors.Join(writeJSON(filepath.Join(dir, peopleFile), s.known.Load()), writeJSON(filepath.Join(dir, tokenFile), s.tokens))
}

// Load replaces the users and projects by those that Save has written into a directory. The tokens
// there are valid again. Those that have been issued since stay valid if their user and project
// exist, because the services of the cloud and its clients hold them.
func (s *Service) Load(dir string) error {
	d, tokens := &directory{}, map[string]*token{}
	for name, to := range map[string]any{peopleFile: d, tokenFile: &tokens} {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			return err
		}
		if err := json.Unmarshal(text, to); err != nil {
			return fmt.Errorf("%s: %w", filepath.Join(dir, name), err)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := writeJSON(s.directoryFile(), d); err != nil {
		return err
	}
	s.known.Store(d)
	maps.Copy(s.tokens, tokens)
	maps.DeleteFunc(s.tokens, func(_ string, t *token) bool { return !d.supports(t) })
	return s.saveTokens()
}
