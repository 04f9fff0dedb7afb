package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nova-go/nova/internal/serve"
	"github.com/nova-go/nova/internal/serve/uwsgiini"
	"github.com/nova-go/nova/internal/version"
)

// requestStats counts requests for uWSGI's statistics.
type requestStats struct {
	began    time.Time
	harakiri atomic.Int64

	mu       sync.Mutex
	requests int64
	sent     int64 // bytes
	took     time.Duration
	average  time.Duration // uWSGI's: the mean of the last request and the average before it
	running  []*http.Request
}

func (s *requestStats) count(app http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began := time.Now()
		s.mu.Lock()
		s.running = append(s.running, r)
		s.mu.Unlock()
		out := &countedResponse{ResponseWriter: w}
		defer func() {
			took := time.Since(began)
			s.mu.Lock()
			defer s.mu.Unlock()
			s.running = slices.DeleteFunc(s.running, func(other *http.Request) bool { return other == r })
			s.requests++
			s.sent += out.size
			s.took += took
			s.average = (s.average + took) / 2
		}()
		app.ServeHTTP(out, r)
	})
}

// countedResponse counts the bytes of an answer.
type countedResponse struct {
	http.ResponseWriter
	size int64
}

func (w *countedResponse) WriteHeader(status int) {
	w.size += int64(len("HTTP/1.1 200 \r\n\r\n") + len(http.StatusText(status)))
	for name, values := range w.Header() {
		for _, v := range values {
			w.size += int64(len(name) + len(v) + len(": \r\n"))
		}
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *countedResponse) Write(b []byte) (int, error) {
	n, err := w.ResponseWriter.Write(b)
	w.size += int64(n)
	return n, err
}

// Unwrap returns the wrapped writer for http.ResponseController.
func (w *countedResponse) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// The members of uWSGI's statistics, in its order. What has no counterpart is 0 or empty.
type (
	uwsgiStats struct {
		Version           string           `json:"version"`
		ListenQueue       int              `json:"listen_queue"`
		ListenQueueErrors int              `json:"listen_queue_errors"`
		SignalQueue       int              `json:"signal_queue"`
		Load              int              `json:"load"`
		PID               int              `json:"pid"`
		UID               int              `json:"uid"`
		GID               int              `json:"gid"`
		CWD               string           `json:"cwd"`
		Locks             []map[string]int `json:"locks"`
		Sockets           []uwsgiSocket    `json:"sockets"`
		Workers           []uwsgiWorker    `json:"workers"`
	}
	uwsgiSocket struct {
		Name       string `json:"name"`
		Proto      string `json:"proto"`
		Queue      int    `json:"queue"`
		MaxQueue   int    `json:"max_queue"`
		Shared     int    `json:"shared"`
		CanOffload int    `json:"can_offload"`
	}
	uwsgiWorker struct {
		ID            int         `json:"id"`
		PID           int         `json:"pid"`
		Accepting     int         `json:"accepting"`
		Requests      int64       `json:"requests"`
		DeltaRequests int64       `json:"delta_requests"`
		Exceptions    int         `json:"exceptions"`
		HarakiriCount int64       `json:"harakiri_count"`
		Signals       int         `json:"signals"`
		SignalQueue   int         `json:"signal_queue"`
		Status        string      `json:"status"`
		RSS           int64       `json:"rss"`
		VSZ           int64       `json:"vsz"`
		RunningTime   int64       `json:"running_time"` // microseconds
		LastSpawn     int64       `json:"last_spawn"`
		RespawnCount  int         `json:"respawn_count"`
		TX            int64       `json:"tx"`
		AvgRT         int64       `json:"avg_rt"` // microseconds
		Apps          []uwsgiApp  `json:"apps"`
		Cores         []uwsgiCore `json:"cores,omitzero"`
	}
	uwsgiApp struct {
		ID          int    `json:"id"`
		Modifier1   int    `json:"modifier1"`
		Mountpoint  string `json:"mountpoint"`
		StartupTime int    `json:"startup_time"`
		Requests    int64  `json:"requests"`
		Exceptions  int    `json:"exceptions"`
		Chdir       string `json:"chdir"`
	}
	uwsgiCore struct {
		ID                int            `json:"id"`
		Requests          int64          `json:"requests"`
		StaticRequests    int            `json:"static_requests"`
		RoutedRequests    int            `json:"routed_requests"`
		OffloadedRequests int            `json:"offloaded_requests"`
		WriteErrors       int            `json:"write_errors"`
		ReadErrors        int            `json:"read_errors"`
		InRequest         int            `json:"in_request"`
		Vars              []string       `json:"vars"`
		ReqInfo           map[string]int `json:"req_info"`
	}
)

// json returns the statistics: one worker, with a core for each request in progress.
func (s *requestStats) json(o uwsgiini.Stats, sockets []serve.Socket) []byte {
	s.mu.Lock()
	running := slices.Clone(s.running)
	w := uwsgiWorker{ID: 1, PID: os.Getpid(), Accepting: 1, Requests: s.requests, DeltaRequests: s.requests, HarakiriCount: s.harakiri.Load(),
		Status: "idle", RunningTime: s.took.Microseconds(), LastSpawn: s.began.Unix(), RespawnCount: 1, TX: s.sent,
		AvgRT: s.average.Microseconds(), Apps: []uwsgiApp{{Requests: s.requests}}}
	s.mu.Unlock()
	w.RSS, w.VSZ = memory()
	if len(running) > 0 {
		w.Status = "busy"
	}
	cwd, _ := os.Getwd()
	all := uwsgiStats{Version: version.Number, PID: w.PID, UID: os.Getuid(), GID: os.Getgid(), CWD: cwd,
		Locks: []map[string]int{}, Sockets: []uwsgiSocket{}}
	for _, socket := range sockets {
		name := strings.TrimPrefix(socket.Address, "unix:")
		proto := strings.Replace(socket.Protocol, "fcgi", "fastcgi", 1)
		all.Sockets = append(all.Sockets, uwsgiSocket{Name: name, Proto: proto, Queue: socket.Queue, MaxQueue: socket.MaxQueue})
		all.ListenQueue += socket.Queue
	}
	if !o.NoCores {
		w.Cores = cores(running, w.Requests)
	}
	all.Workers = []uwsgiWorker{w}
	text, _ := json.Marshal(all)
	if o.Minified {
		return text
	}
	var b bytes.Buffer
	_ = json.Indent(&b, text, "", "\t")
	b.WriteByte('\n')
	return b.Bytes()
}

func cores(running []*http.Request, requests int64) []uwsgiCore {
	idle := uwsgiCore{Requests: requests, Vars: []string{}, ReqInfo: map[string]int{}}
	if len(running) == 0 {
		return []uwsgiCore{idle}
	}
	var all []uwsgiCore
	for i, r := range running {
		core := idle
		core.ID, core.InRequest = i, 1
		core.Vars = []string{"REQUEST_METHOD=" + r.Method, "REQUEST_URI=" + r.RequestURI, "SERVER_PROTOCOL=" + r.Proto,
			"REMOTE_ADDR=" + r.RemoteAddr, "HTTP_HOST=" + r.Host}
		all = append(all, core)
	}
	return all
}

// memory returns the resident and the virtual size of the process in bytes; 0 if they are not known.
func memory() (rss, vsz int64) {
	text, _ := os.ReadFile("/proc/self/statm")
	fields := strings.Fields(string(text))
	if len(fields) < 2 {
		return 0, 0
	}
	vsz, _ = strconv.ParseInt(fields[0], 10, 64)
	rss, _ = strconv.ParseInt(fields[1], 10, 64)
	page := int64(os.Getpagesize())
	return rss * page, vsz * page
}

// serveStats writes the statistics to everyone who connects, until ctx ends.
func (h *hosting) serveStats(ctx context.Context, l net.Listener, o uwsgiini.Stats) {
	context.AfterFunc(ctx, func() { _ = l.Close() })
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		go func() {
			defer c.Close()
			_ = c.SetDeadline(time.Now().Add(statsTimeout))
			if o.HTTP {
				if _, err := c.Read(make([]byte, 4096)); err != nil {
					return
				}
				_, _ = io.WriteString(c, statsHeader)
			}
			_, _ = c.Write(h.stats.json(o, h.server.Sockets()))
		}()
	}
}

const statsHeader = "HTTP/1.0 200 OK\r\nConnection: close\r\nAccess-Control-Allow-Origin: *\r\nContent-Type: application/json\r\n\r\n"

// statsTimeout bounds the time of a connection for statistics.
const statsTimeout = 4 * time.Second
