package metadata

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"net"
	"net/http"
	"strings"
	"sync"

	"github.com/rs/zerolog"

	"github.com/nova-go/nova/metadata/internal/tree"
)

// identifier finds the instance that sends a request.
type identifier interface {
	identify(r *http.Request) (*tree.Instance, error)
}

// secret is [neutron] metadata_proxy_shared_secret, with which Neutron signs instance ids.
type secret struct{ macs sync.Pool }

func newSecret(key string) *secret {
	return &secret{sync.Pool{New: func() any { return hmac.New(sha256.New, []byte(key)) }}}
}

// signed reports whether signature is the hex HMAC-SHA256 of id. It compares in constant time.
func (s *secret) signed(id, signature string) bool {
	mac := s.macs.Get().(hash.Hash)
	defer s.macs.Put(mac)
	mac.Reset()
	_, _ = mac.Write([]byte(id))
	var sum [sha256.Size]byte
	var want [2 * sha256.Size]byte
	hex.Encode(want[:], mac.Sum(sum[:0]))
	return hmac.Equal(want[:], []byte(signature))
}

// proxied identifies instances by the headers of Neutron's metadata proxy, or of another
// provider's, after it has verified their signature ([neutron] service_metadata_proxy).
type proxied struct {
	secret *secret
	// checkProviders is false without a secret: signatures of providers are then not verified,
	// but requests with an instance id are rejected.
	checkProviders bool
	instances      *instances
	networks       networkService
	ports          *cache[portOwner]
	log            zerolog.Logger
}

// Names of the proxy's headers in the canonical form of net/http.
const (
	headerInstance          = "X-Instance-Id"
	headerTenant            = "X-Tenant-Id"
	headerSignature         = "X-Instance-Id-Signature"
	headerForwarded         = "X-Forwarded-For"
	headerProvider          = "X-Metadata-Provider"
	headerProviderSignature = "X-Metadata-Provider-Signature"
)

// headerValue returns a header's value. Like WSGI it joins the values of a repeated header, so that
// no single value is taken for the whole.
func headerValue(r *http.Request, name string) (value string, sent bool) {
	switch v := r.Header[name]; len(v) {
	case 0:
		return "", false
	case 1:
		return v[0], true
	default:
		return strings.Join(v, ","), true
	}
}

func (p *proxied) identify(r *http.Request) (*tree.Instance, error) {
	if provider, _ := headerValue(r, headerProvider); provider != "" {
		return p.ofProvider(r, provider)
	}
	id, hasID := headerValue(r, headerInstance)
	signature, hasSignature := headerValue(r, headerSignature)
	tenant, hasTenant := headerValue(r, headerTenant)
	switch {
	case !hasID:
		return nil, pageError(http.StatusBadRequest, "X-Instance-ID header is missing from request.")
	case !hasSignature:
		return nil, pageError(http.StatusBadRequest, "X-Instance-ID-Signature header is missing from request.")
	case !hasTenant:
		return nil, pageError(http.StatusBadRequest, "X-Tenant-ID header is missing from request.")
	}
	address, hasAddress := headerValue(r, headerForwarded)
	if err := p.check(id, signature, address); err != nil {
		return nil, err
	}
	if !hasAddress {
		return p.get(r.Context(), id, tenant, nil)
	}
	return p.get(r.Context(), id, tenant, &address)
}

func (p *proxied) check(id, signature, address string) error {
	if p.secret.signed(id, signature) {
		return nil
	}
	if id != "" {
		p.log.Warn().Msgf("X-Instance-ID-Signature: %q does not match the expected signature for id: %q. Request From: %q", signature, id,
			address)
	}
	return pageError(http.StatusForbidden, "Invalid proxy request signature.")
}

// get finds an instance; for other projects than its own it returns a not-found error.
func (p *proxied) get(ctx context.Context, id, tenant string, address *string) (*tree.Instance, error) {
	i, err := p.instances.get(ctx, id, address)
	if err != nil {
		return nil, err
	}
	if i.ProjectID() != tenant {
		p.log.Warn().Msgf("Tenant_id %q does not match tenant_id of instance %s.", tenant, id)
		return nil, errNotFound
	}
	return i, nil
}

// ofProvider finds the instance behind a metadata provider by its address.
func (p *proxied) ofProvider(r *http.Request, provider string) (*tree.Instance, error) {
	forwarded, ok := headerValue(r, headerForwarded)
	if !ok {
		return nil, pageError(http.StatusBadRequest, "X-Forwarded-For is missing from request.")
	}
	address, _, _ := strings.Cut(forwarded, ",")
	if p.checkProviders {
		signature, _ := headerValue(r, headerProviderSignature)
		if err := p.check(provider, signature, address); err != nil {
			return nil, err
		}
	}
	port, err := p.ports.get(r.Context(), provider+"-"+address, func(ctx context.Context) (portOwner, error) {
		return p.port(ctx, provider, address)
	})
	if err != nil {
		return nil, err
	}
	return p.get(r.Context(), port.DeviceID, port.ProjectID, &address)
}

// maxNetworks bounds the number of networks in one request to Neutron, because they are part of
// its URL.
const maxNetworks = 160

func (p *proxied) port(ctx context.Context, provider, address string) (portOwner, error) {
	networks, err := p.networks.NetworksOfProvider(ctx, provider)
	if err != nil {
		return portOwner{}, err
	}
	if len(networks) == 0 {
		msg := fmt.Sprintf("Could not find any subnets for provider %s", provider)
		p.log.Error().Msg(msg)
		return portOwner{}, pageError(http.StatusBadRequest, msg)
	}
	var ports []portOwner
	for len(networks) > 0 {
		n := min(len(networks), maxNetworks)
		found, err := p.networks.PortsAt(ctx, address, networks[:n])
		if err != nil {
			p.log.Error().Err(err).Msgf("Failed to get instance id for metadata request, provider %q requester %q", provider, address)
			return portOwner{}, pageError(http.StatusBadRequest, unknownError)
		}
		ports, networks = append(ports, found...), networks[n:]
	}
	if len(ports) != 1 {
		msg := fmt.Sprintf("Expected a single port matching provider %s and IP %s. Found %d.", provider, address, len(ports))
		p.log.Error().Msg(msg)
		return portOwner{}, pageError(http.StatusBadRequest, msg)
	}
	return ports[0], nil
}

// direct identifies instances by the source address of the request.
type direct struct {
	instances *instances
	networks  networkService
	uuids     *cache[string]
	log       zerolog.Logger
}

func (d *direct) identify(r *http.Request) (*tree.Instance, error) {
	if id, _ := headerValue(r, headerInstance); id != "" {
		d.log.Warn().Msg("X-Instance-ID present in request headers. The 'service_metadata_proxy' option must be enabled to process this header.")
	}
	address, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		address = r.RemoteAddr
	}
	if address == "" {
		return nil, fmt.Errorf("the request has no source address")
	}
	uuid, err := d.uuids.get(r.Context(), address, func(ctx context.Context) (string, error) { return d.find(ctx, address) })
	if err != nil {
		return nil, err
	}
	return d.instances.get(r.Context(), uuid, &address)
}

func (d *direct) find(ctx context.Context, address string) (string, error) {
	found, err := d.networks.DevicesAt(ctx, address)
	if err != nil {
		return "", err
	}
	var uuids []string
	for _, id := range found {
		if id != "" {
			uuids = append(uuids, id)
		}
	}
	switch len(uuids) {
	case 0:
		d.log.Error().Msgf("Failed to get metadata for IP %s: no metadata", address)
		return "", errNotFound
	case 1:
		d.log.Info().Msgf("Fixed IP %s translates to instance UUID %s", address, uuids[0])
		return uuids[0], nil
	}
	return "", fmt.Errorf("fixed IP address %s is associated with %d instances", address, len(uuids))
}
