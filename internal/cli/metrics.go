package cli

import (
	"context"
	"errors"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/nova-go/nova/config"
	"github.com/nova-go/nova/internal/release"
	"github.com/nova-go/nova/internal/serve"
	"github.com/nova-go/nova/internal/version"
)

// newRegistry returns a registry with the metrics of the process.
func newRegistry() *prometheus.Registry {
	r := prometheus.NewRegistry()
	build := prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name:        "nova_build_info",
		Help:        "1, with the newest release of Nova that the program knows, its own version, and the revision of its source.",
		ConstLabels: prometheus.Labels{"release": release.Newest().Version, "revision": version.Read().Revision, "version": version.Number},
	}, func() float64 { return 1 })
	r.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), build)
	return r
}

// metricsAddress returns the address of the metrics; "" means none.
func (f *Flags) metricsAddress(p Program, c *config.Config) string {
	if f.Metrics != "" {
		return f.Metrics
	}
	return p.Metrics(c)
}

// serveMetrics serves metrics until ctx ends.
func (h *hosting) serveMetrics(ctx context.Context, address string) {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(h.metrics, promhttp.HandlerOpts{EnableOpenMetrics: true}))
	mux.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`<a href="/metrics">metrics</a>`))
	})
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second, WriteTimeout: time.Minute}
	context.AfterFunc(ctx, func() { _ = server.Close() })
	h.serveBeside(ctx, server, address, "Metrics are shown")
}

// serveBeside runs a server beside that of the application until ctx ends. what begins the lines of the log. If the address is in
// use, it tries again, because the process that is being replaced may still use it.
func (h *hosting) serveBeside(ctx context.Context, server *http.Server, address, what string) {
	said := false
	for {
		l, err := listenAt(ctx, address)
		if err == nil {
			h.log.Info().Msg(what + " on " + address)
			err = server.Serve(l)
		}
		if errors.Is(err, http.ErrServerClosed) || ctx.Err() != nil {
			return
		}
		if !said {
			h.log.Warn().Err(err).Msg("Not yet: " + what + " on " + address)
			said = true
		}
		select {
		case <-time.After(time.Second):
		case <-ctx.Done():
			return
		}
	}
}

func listenAt(ctx context.Context, address string) (net.Listener, error) {
	var lc net.ListenConfig
	path, unix := strings.CutPrefix(address, "unix:")
	if !unix {
		return lc.Listen(ctx, "tcp", address)
	}
	l, err := lc.Listen(ctx, "unix", path)
	if serve.IsInUse(err) && isAbandoned(path) && os.Remove(path) == nil {
		l, err = lc.Listen(ctx, "unix", path)
	}
	return l, err
}

// isAbandoned reports whether no process listens on a unix socket.
func isAbandoned(path string) bool {
	c, err := net.Dial("unix", path)
	if err == nil {
		_ = c.Close()
	}
	return serve.IsRefused(err)
}
