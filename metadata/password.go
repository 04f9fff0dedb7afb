package metadata

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"time"
	"unicode/utf8"

	"github.com/nova-go/nova/metadata/internal/tree"
)

// A password is stored in several keys of system metadata.
const (
	passwordPieces = 4
	pieceLength    = 255 // characters
	maxPassword    = passwordPieces * pieceLength
)

// writeTimeout bounds the time to store a password.
const writeTimeout = time.Minute

// password reads the password that the guest has posted, or stores it once. As in Nova, the
// check uses the loaded data: a second password within the cache expiration replaces the first.
func (s *service) password(w http.ResponseWriter, r *http.Request, i *tree.Instance) {
	set, err := i.Password(r.Context())
	if err != nil {
		s.writeError(w, r, err)
		return
	}
	switch r.Method {
	case http.MethodGet:
		writePassword(w, set)
	case http.MethodPost:
		if set != "" {
			s.writeError(w, r, pageError(http.StatusConflict, ""))
			return
		}
		if err := s.takePassword(r, i.UUID()); err != nil {
			s.writeError(w, r, err)
			return
		}
		writePassword(w, "")
	default:
		s.writeError(w, r, pageError(http.StatusBadRequest, "GET and POST only are supported."))
	}
}

// writePassword sends the password as webob sends a string, with webob's default content type.
func writePassword(w http.ResponseWriter, password string) {
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=UTF-8")
	h.Set("Content-Length", fmt.Sprint(len(password)))
	w.WriteHeader(http.StatusOK)
	_, _ = io.WriteString(w, password)
}

func (s *service) takePassword(r *http.Request, uuid string) error {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxPassword+1))
	switch {
	case err != nil:
		return pageError(http.StatusBadRequest, "")
	case len(body) > maxPassword || r.ContentLength > maxPassword:
		return pageError(http.StatusBadRequest, "Request is too large.")
	case !utf8.Valid(body):
		return pageError(http.StatusBadRequest, "")
	}
	text := []rune(string(body))
	pairs := make(map[string]string, passwordPieces)
	for n := range passwordPieces {
		piece := text[:min(len(text), pieceLength)]
		text = text[len(piece):]
		pairs[fmt.Sprintf("password_%d", n)] = string(piece)
	}
	// As in Nova, the password is stored even if the guest disconnects now.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), writeTimeout)
	defer cancel()
	err = s.store.SetSystemMetadata(ctx, uuid, pairs)
	if isNotFound(err) {
		return pageError(http.StatusBadRequest, err.Error())
	}
	return err
}
