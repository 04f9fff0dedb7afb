package compute_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"

	"github.com/nova-go/nova/compute"
	"github.com/nova-go/nova/config"
	"github.com/nova-go/nova/internal/devcloud"
	"github.com/nova-go/nova/metadata"
	"github.com/nova-go/nova/paste"
)

// deployment stands for /etc/nova: the files of a cloud that is in this process.
func deployment() (dir string, remove func()) {
	dir, err := os.MkdirTemp("", "nova")
	if err != nil {
		log.Fatal(err)
	}
	if _, err := devcloud.New(context.Background(), devcloud.Options{State: dir, URL: "http://127.0.0.1:8774"}); err != nil {
		log.Fatal(err)
	}
	quiet := filepath.Join(dir, "quiet.conf")
	if err := os.WriteFile(quiet, []byte("[DEFAULT]\nuse_stderr = false\nlog_file = "+dir+"/log\n"), 0o600); err != nil {
		log.Fatal(err)
	}
	return dir, func() { _ = os.RemoveAll(dir) }
}

func fetch(url string) (*http.Response, string) {
	resp, err := http.Get(url)
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		log.Fatal(err)
	}
	return resp, string(body)
}

// The compute API below /compute of a program's own server.
func ExampleNew() {
	etc, remove := deployment()
	defer remove()
	ctx, stop := context.WithCancel(context.Background())
	defer stop()

	nova, err := compute.New(ctx, compute.Options{
		Sources: config.Sources{Files: []string{etc + "/nova.conf", etc + "/quiet.conf"}, Prog: compute.Prog},
	})
	if err != nil {
		log.Fatal(err) // names file, line, section and option
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/compute/", func(w http.ResponseWriter, r *http.Request) {
		// What Shift takes from the path is in the links that Nova writes.
		nova.ServeHTTP(w, paste.Shift(r, "/compute"))
	})

	server := httptest.NewServer(mux)
	defer server.Close()
	_, body := fetch(server.URL + "/compute/v2.1/")
	var answer struct {
		Version struct {
			ID    string
			Links []struct{ Href string }
		}
	}
	if err := json.Unmarshal([]byte(body), &answer); err != nil {
		log.Fatal(err)
	}
	fmt.Println(answer.Version.ID, strings.TrimPrefix(answer.Version.Links[0].Href, server.URL))
	// Output: v2.1 /compute/v2.1/
}

// A filter of the program's own, which the paste file names like any other.
func ExampleOptions_filters() {
	etc, remove := deployment()
	defer remove()
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	addToPasteFile(etc+"/api-paste.ini", "[filter:region]\npaste.filter_factory = example.region:factory\nname = north\n")

	nova, err := compute.New(ctx, compute.Options{
		Sources: config.Sources{Files: []string{etc + "/nova.conf", etc + "/quiet.conf"}, Prog: compute.Prog},
		Filters: paste.Registry{
			"example.region:factory": paste.Filter(func(_, local paste.Conf) (func(http.Handler) http.Handler, error) {
				if local["name"] == "" {
					return nil, fmt.Errorf("name is required")
				}
				return func(next http.Handler) http.Handler {
					return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
						w.Header().Set("X-Region", local["name"])
						next.ServeHTTP(w, r)
					})
				}, nil
			}),
		},
	})
	if err != nil {
		log.Fatal(err)
	}

	server := httptest.NewServer(nova)
	defer server.Close()
	resp, _ := fetch(server.URL + "/")
	fmt.Println(resp.StatusCode, resp.Header.Get("X-Region"))
	// Output: 200 north
}

// addToPasteFile adds a filter and puts it in front of the version documents.
func addToPasteFile(file, section string) {
	text, err := os.ReadFile(file)
	if err != nil {
		log.Fatal(err)
	}
	const versions = "[pipeline:versions]\npipeline = "
	if !strings.Contains(string(text), versions) {
		log.Fatal(file, " has no ", versions)
	}
	changed := strings.Replace(string(text), versions, versions+"region ", 1)
	if err := os.WriteFile(file, []byte(changed+"\n"+section), 0o600); err != nil {
		log.Fatal(err)
	}
}

// The compute API and the metadata service in one process, with one
// configuration, each at its own address.
func ExampleNew_twoApplications() {
	etc, remove := deployment()
	defer remove()
	ctx, stop := context.WithCancel(context.Background())
	defer stop()

	files := []string{etc + "/nova.conf", etc + "/quiet.conf"}
	api, err := compute.New(ctx, compute.Options{Sources: config.Sources{Files: files, Prog: compute.Prog}})
	if err != nil {
		log.Fatal(err)
	}
	guests, err := metadata.New(ctx, metadata.Options{Sources: config.Sources{Files: files, Prog: metadata.Prog}})
	if err != nil {
		log.Fatal(err)
	}

	for _, h := range []http.Handler{api, guests} {
		server := httptest.NewServer(h)
		resp, body := fetch(server.URL + "/")
		fmt.Println(resp.StatusCode, body[:3])
		server.Close()
	}
	// Output:
	// 200 {"v
	// 200 1.0
}
