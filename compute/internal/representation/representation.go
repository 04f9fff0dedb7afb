// Package representation has what HTTP offers besides Nova's answers: content codings (gzip, zstd), and
// entity tags with which a client that asks again gets no body if nothing has changed. A client
// that asks for neither gets Nova's answer.
package representation

import (
	"crypto/sha256"
	"encoding/base64"
	"hash"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// Options configure Filter.
type Options struct {
	// Codings are the content codings that clients may ask for with Accept-Encoding, the preferred
	// one first: "zstd", "gzip". Without codings, Accept-Encoding is ignored, as Nova ignores it:
	// many clients send it always.
	Codings []string
	// EntityTags adds entity tags to all answers of GET with status 200. Otherwise only requests
	// with If-None-Match get them.
	EntityTags bool
}

// smallest is the size in bytes from which on an answer is compressed. A smaller one needs one packet
// either way.
const smallest = 1400

// Filter encodes answers, and answers 304 to a GET with the entity tag of its answer. It changes
// only answers with a Content-Length. Others, and those that have a coding, an entity tag or the
// directive no-transform, are passed on as they are, and so are answers of HEAD.
func Filter(o Options) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			condition := r.Header["If-None-Match"]
			tagged := r.Method == http.MethodGet && (o.EntityTags || condition != nil)
			if r.Method == http.MethodHead || !tagged && len(o.Codings) == 0 {
				next.ServeHTTP(w, r)
				return
			}
			out := &writer{ResponseWriter: w, tagged: tagged, condition: condition, varies: len(o.Codings) > 0,
				coding: choose(r.Header["Accept-Encoding"], o.Codings)}
			next.ServeHTTP(out, r)
			out.finish()
		})
	}
}

// writer collects an answer with a known length.
type writer struct {
	http.ResponseWriter
	tagged    bool // a 200 gets an entity tag
	condition []string
	varies    bool   // answers may have a coding
	coding    string // "": none

	status  int // 0: no header yet
	passing bool
	body    []byte    // what is sent
	encoder io.Writer // nil: body is what is written
	close   func()    // ends the encoder
	sum     hash.Hash // nil: no entity tag
}

// WriteHeader implements http.ResponseWriter.
func (w *writer) WriteHeader(status int) {
	if w.status != 0 {
		return
	}
	if status < 200 {
		w.ResponseWriter.WriteHeader(status)
		return
	}
	w.status = status
	h := w.Header()
	size, err := strconv.Atoi(h.Get("Content-Length"))
	if err != nil || status == http.StatusNoContent || status == http.StatusNotModified || h.Get("Content-Encoding") != "" ||
		h.Get("Etag") != "" || strings.Contains(h.Get("Cache-Control"), "no-transform") {
		w.pass()
		return
	}
	large := size >= smallest
	if large && w.varies {
		h["Vary"] = append(slices.Clip(h["Vary"]), "Accept-Encoding") // the slice may be shared
	}
	encoded, tagged := large && w.coding != "", w.tagged && status == http.StatusOK
	switch {
	case !encoded && !tagged:
		w.pass()
		return
	case encoded:
		w.encoder, w.close = encode(w.coding, (*sink)(w))
	default:
		w.body = make([]byte, 0, size)
	}
	if tagged {
		w.sum = sha256.New()
		// The length tells apart answers whose handler has been interrupted.
		_, _ = io.WriteString(w.sum, h.Get("Content-Length")+" "+h.Get("Content-Type")+"\n")
	}
}

// pass sends the header, and then the body as the handler writes it.
func (w *writer) pass() {
	w.passing = true
	w.ResponseWriter.WriteHeader(w.status)
}

// Write implements http.ResponseWriter.
func (w *writer) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.WriteHeader(http.StatusOK)
	}
	if w.passing {
		return w.ResponseWriter.Write(b)
	}
	if w.sum != nil {
		_, _ = w.sum.Write(b)
	}
	if w.encoder != nil {
		return w.encoder.Write(b)
	}
	w.body = append(w.body, b...)
	return len(b), nil
}

// FlushError implements http.ResponseController's Flush. An answer that is collected is sent as a
// whole.
func (w *writer) FlushError() error {
	if w.status == 0 {
		w.status = http.StatusOK
		w.pass()
	}
	if w.passing {
		return http.NewResponseController(w.ResponseWriter).Flush()
	}
	return nil
}

// Unwrap returns the wrapped writer for http.ResponseController.
func (w *writer) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// finish sends the answer that was collected. After a panic of the handler it is not called.
func (w *writer) finish() {
	if w.status == 0 || w.passing {
		return // net/http sends the header of a handler that has written nothing
	}
	h := w.Header()
	if w.sum != nil {
		tag := `W/"` + base64.RawURLEncoding.EncodeToString(w.sum.Sum(nil)[:16]) + `"`
		h["Etag"] = []string{tag}
		if h.Get("Cache-Control") == "" {
			h["Cache-Control"] = []string{"private, no-cache"}
		}
		if matches(w.condition, tag) {
			if w.close != nil {
				w.close()
			}
			delete(h, "Content-Length")
			delete(h, "Content-Type")
			w.ResponseWriter.WriteHeader(http.StatusNotModified)
			return
		}
	}
	if w.encoder != nil {
		w.close()
		h["Content-Encoding"] = []string{w.coding}
		h["Content-Length"] = []string{strconv.Itoa(len(w.body))}
	}
	w.ResponseWriter.WriteHeader(w.status)
	_, _ = w.ResponseWriter.Write(w.body)
}

// sink receives the output of the encoder.
type sink writer

func (s *sink) Write(b []byte) (int, error) {
	s.body = append(s.body, b...)
	return len(b), nil
}

// matches reports whether If-None-Match names an entity tag. As the tags are weak, W/ is not
// compared.
func matches(condition []string, tag string) bool {
	for _, line := range condition {
		for wanted := range strings.SplitSeq(line, ",") {
			wanted = strings.TrimSpace(wanted)
			if wanted == "*" || strings.TrimPrefix(wanted, "W/") == strings.TrimPrefix(tag, "W/") {
				return true
			}
		}
	}
	return false
}

// choose returns the coding that a client prefers, of equal ones the first of codings; "" is none.
func choose(accept, codings []string) string {
	if len(codings) == 0 || len(accept) == 0 {
		return ""
	}
	weights := map[string]float64{}
	for _, line := range accept {
		for element := range strings.SplitSeq(line, ",") {
			name, parameters, _ := strings.Cut(element, ";")
			weights[strings.ToLower(strings.TrimSpace(name))] = weight(parameters)
		}
	}
	best, most := "", 0.0
	for _, coding := range codings {
		w, named := weights[coding]
		if !named && coding == "gzip" {
			w, named = weights["x-gzip"]
		}
		if !named {
			w = weights["*"]
		}
		if w > most {
			best, most = coding, w
		}
	}
	if identity, named := weights["identity"]; named && identity > most {
		return ""
	}
	return best
}

// weight returns the weight of the parameters of an element, "q=0.5"; 0 for one that is malformed.
func weight(parameters string) float64 {
	for parameter := range strings.SplitSeq(parameters, ";") {
		name, value, _ := strings.Cut(strings.TrimSpace(parameter), "=")
		if !strings.EqualFold(strings.TrimSpace(name), "q") {
			continue
		}
		q, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
		if err != nil || q < 0 || q > 1 {
			return 0
		}
		return q
	}
	return 1
}

var (
	gzips = sync.Pool{New: func() any {
		z, err := gzip.NewWriterLevel(io.Discard, gzip.BestSpeed)
		if err != nil {
			panic(err) // the level is not valid, which is a mistake of this file
		}
		return z
	}}
	zstds = sync.Pool{New: func() any {
		z, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(1<<20))
		if err != nil {
			panic(err) // an option is not valid
		}
		return z
	}}
)

// encode returns an encoder that writes to w, and the function that ends it.
func encode(coding string, w io.Writer) (io.Writer, func()) {
	if coding == "zstd" {
		z := zstds.Get().(*zstd.Encoder)
		z.Reset(w)
		return z, func() {
			_ = z.Close() // w returns no errors
			zstds.Put(z)
		}
	}
	z := gzips.Get().(*gzip.Writer)
	z.Reset(w)
	return z, func() {
		_ = z.Close()
		gzips.Put(z)
	}
}
