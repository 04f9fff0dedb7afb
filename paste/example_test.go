package paste_test

import (
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"

	"github.com/nova-go/nova/paste"
)

// iniFile writes a paste file for an example.
func iniFile(text string) (file string, remove func()) {
	dir, err := os.MkdirTemp("", "paste")
	if err != nil {
		log.Fatal(err)
	}
	file = filepath.Join(dir, "api-paste.ini")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		log.Fatal(err)
	}
	return file, func() { _ = os.RemoveAll(dir) }
}

const shop = `
[composite:main]
use = egg:Paste#urlmap
/: shop

[pipeline:shop]
pipeline = greeting goods

[filter:greeting]
paste.filter_factory = example.shop:greeting
text = hello

[app:goods]
paste.app_factory = example.shop:goods
`

// registry has the factories that the file names.
func registry() paste.Registry {
	return paste.Registry{
		"Paste#urlmap": paste.URLMapFactory(),
		"example.shop:greeting": paste.Filter(func(_, local paste.Conf) (func(http.Handler) http.Handler, error) {
			return func(next http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					_, _ = io.WriteString(w, local["text"]+", ")
					next.ServeHTTP(w, r)
				})
			}, nil
		}),
		"example.shop:goods": paste.App(func(_, _ paste.Conf) (http.Handler, error) {
			return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "goods") }), nil
		}),
	}
}

// A paste file and factories of one's own, without anything of Nova.
func ExampleLoad() {
	file, remove := iniFile(shop)
	defer remove()

	app, err := paste.Load(file, "main", registry(), paste.Options{})
	if err != nil {
		log.Fatal(err)
	}

	w := httptest.NewRecorder()
	app.ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	fmt.Println(w.Body)
	// Output: hello, goods
}

// What Load would build.
func ExampleDescribe() {
	file, remove := iniFile(shop)
	defer remove()

	n, err := paste.Describe(file, "main", registry(), paste.Options{})
	if err != nil {
		log.Fatal(err)
	}
	for _, child := range n.Children {
		fmt.Println(n.Kind, child.At, child.Kind, child.Name)
		for _, part := range child.Children {
			fmt.Println("  ", part.Kind, part.Factory)
		}
	}

	// Output:
	// composite / pipeline shop
	//    filter example.shop:greeting
	//    app example.shop:goods
}
