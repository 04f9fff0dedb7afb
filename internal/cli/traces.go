package cli

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/nova-go/nova/internal/release"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// traces sends spans to a collector; nil sends none.
type traces struct{ sdk *sdktrace.TracerProvider }

// newTraces configures the exporter from OpenTelemetry's environment variables. It returns nil
// unless OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT or
// OTEL_TRACES_EXPORTER=otlp is set; the library reads the other variables. If the collector is
// unreachable, spans are lost and requests are not affected.
func newTraces(ctx context.Context, service string) (*traces, error) {
	exporter := os.Getenv("OTEL_TRACES_EXPORTER")
	wanted := exporter == "otlp" || os.Getenv("OTEL_EXPORTER_OTLP_ENDPOINT") != "" || os.Getenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") != ""
	if !wanted || exporter == "none" || os.Getenv("OTEL_SDK_DISABLED") == "true" {
		return nil, nil
	}
	if exporter != "" && exporter != "otlp" {
		return nil, fmt.Errorf("OTEL_TRACES_EXPORTER: %q is not supported: otlp or none", exporter)
	}
	for _, name := range []string{"OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"} {
		if p := os.Getenv(name); p != "" && p != "http/protobuf" {
			return nil, fmt.Errorf("%s: %q is not supported: http/protobuf", name, p)
		}
	}
	out, err := otlptracehttp.New(ctx)
	if err != nil {
		return nil, fmt.Errorf("traces: %w", err)
	}
	r, err := resource.New(ctx, resource.WithHost(), resource.WithProcessPID(), resource.WithTelemetrySDK(),
		resource.WithAttributes(attribute.String("service.name", service), attribute.String("service.version", release.Newest().Version)),
		resource.WithFromEnv()) // overrides the values above
	if err != nil {
		return nil, fmt.Errorf("traces: %w", err)
	}
	return &traces{sdktrace.NewTracerProvider(sdktrace.WithBatcher(out), sdktrace.WithResource(r))}, nil
}

func (t *traces) provider() trace.TracerProvider {
	if t == nil {
		return nil
	}
	return t.sdk
}

// close sends the remaining spans.
func (t *traces) close() {
	if t == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	_ = t.sdk.Shutdown(ctx)
}
