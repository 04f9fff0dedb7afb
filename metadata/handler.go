package metadata

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"net/http"
	"strconv"
	"sync"

	"github.com/rs/zerolog"

	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/webob"
	"github.com/nova-go/nova/metadata/internal/tree"
)

// unknownError is the text for clients of an internal error.
const unknownError = "An unknown error has occurred. Please try your request again."

// instanceStore reads instances.
type instanceStore interface {
	// Guest returns an instance, or objects.InstanceNotFound.
	Guest(ctx context.Context, uuid string) (*objects.Guest, error)
	// EC2 returns the data of an instance that only EC2 leaves contain.
	EC2(ctx context.Context, g *objects.Guest) (*objects.GuestEC2, error)
	// System returns the data of an instance that its system metadata contains.
	System(ctx context.Context, g *objects.Guest) (objects.GuestSystem, error)
	// SetSystemMetadata writes keys of an instance's system metadata.
	SetSystemMetadata(ctx context.Context, uuid string, pairs map[string]string) error
}

// networkService reads ports, networks and security groups from Neutron.
type networkService interface {
	// DevicesAt lists the device ids of the ports with a fixed address.
	DevicesAt(ctx context.Context, address string) ([]string, error)
	// NetworksOfProvider lists the networks of the subnets that a metadata
	// provider serves.
	NetworksOfProvider(ctx context.Context, provider string) ([]string, error)
	// PortsAt lists the ports with a fixed address on any of some networks.
	PortsAt(ctx context.Context, address string, networks []string) ([]portOwner, error)
	// SecurityGroupNames lists the names of the groups of an instance's ports.
	SecurityGroupNames(ctx context.Context, instance string) ([]string, error)
}

// portOwner is the device and the project of a port.
type portOwner struct{ DeviceID, ProjectID string }

// service answers metadata requests.
type service struct {
	who   identifier
	store instanceStore
	log   zerolog.Logger
}

// ServeHTTP implements http.Handler. As in Nova, every method reads; only the password
// distinguishes methods.
func (s *service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if at := r.URL.Path; at == "/" || at != "" && tree.Clean(at) == "/" {
		writeAnswer(w, r, tree.Root())
		return
	}
	i, err := s.who.identify(r)
	if err != nil {
		s.writeError(w, r, err)
		return
	}
	a, err := i.Lookup(r.Context(), r.URL.Path)
	switch {
	case err != nil:
		s.writeError(w, r, err)
	case a.Password:
		s.password(w, r, i)
	default:
		writeAnswer(w, r, a)
	}
}

// pageFailure is an error with the page that the client gets.
type pageFailure struct{ page webob.Page }

func (e *pageFailure) Error() string { return e.page.Explanation }

func pageError(status int, explanation string) error {
	return &pageFailure{webob.Page{Status: status, Explanation: explanation}}
}

var errNotFound = pageError(http.StatusNotFound, "")

// writeError writes the answer to an error, and logs internal errors. The answer for an unreachable
// database makes guests repeat the request.
func (s *service) writeError(w http.ResponseWriter, r *http.Request, err error) {
	var no *pageFailure
	var domain *objects.Error
	switch {
	case r.Context().Err() != nil: // the client has disconnected, and no one receives the answer
		no = &pageFailure{webob.Page{Status: http.StatusServiceUnavailable}}
	case errors.As(err, &no):
	case errors.Is(err, tree.ErrNotFound):
		errors.As(errNotFound, &no)
	case errors.As(err, &domain) && domain.Kind == objects.KindUnavailable:
		w.Header().Set("Retry-After", "5")
		no = &pageFailure{webob.Page{Status: http.StatusServiceUnavailable}}
		s.log.Error().Err(err).AnErr("cause", domain.Cause).Msgf("Failed to get metadata for %s", r.URL.Path)
	default:
		no = &pageFailure{webob.Page{Status: http.StatusInternalServerError, Explanation: unknownError}}
		s.log.Error().Err(err).Msgf("Failed to get metadata for %s", r.URL.Path)
	}
	no.page.Write(w, r)
}

// seedSize is the size of the random seed in bytes; documents contain it in base64.
const seedSize = 512

var buffers = sync.Pool{New: func() any { b := make([]byte, 0, 2048); return &b }}

// writeAnswer writes an answer, with a new random seed if it contains one.
func writeAnswer(w http.ResponseWriter, r *http.Request, a tree.Answer) {
	body := a.Body
	if a.SeedAt > 0 {
		p := buffers.Get().(*[]byte)
		defer buffers.Put(p)
		var seed [seedSize]byte
		_, _ = rand.Read(seed[:]) // never fails
		b := append((*p)[:0], a.Body[:a.SeedAt]...)
		b = base64.StdEncoding.AppendEncode(b, seed[:])
		body = append(b, a.Body[a.SeedAt:]...)
		*p = body
	}
	h := w.Header()
	h["Content-Type"] = []string{a.Type}
	h["Content-Length"] = []string{strconv.Itoa(len(body))}
	w.WriteHeader(http.StatusOK)
	if r.Method != http.MethodHead {
		_, _ = w.Write(body)
	}
}
