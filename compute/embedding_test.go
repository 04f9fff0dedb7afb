package compute_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/nova-go/nova/internal/novatest"
)

// TestEmbeddingDocument holds the code of docs/embedding.md to the examples, which
// are compiled and run.
func TestEmbeddingDocument(t *testing.T) {
	t.Parallel()
	read := func(name string) string {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	indent := regexp.MustCompile(`(?m)^[\t ]+`)
	code := indent.ReplaceAllString(read("example_test.go")+read("devcloud/devcloud_test.go")+read("../paste/example_test.go"), "")
	blocks := regexp.MustCompile("(?s)```go\n(.*?)```").FindAllStringSubmatch(read("../docs/embedding.md"), -1)
	if len(blocks) < 4 {
		t.Errorf("%d blocks of code", len(blocks))
	}
	for _, b := range blocks {
		if !strings.Contains(code, indent.ReplaceAllString(b[1], "")) {
			t.Errorf("no example has:\n%s", b[1])
		}
	}
}

// TestUnknownFilters goes through the whole stack with a filter that only Python
// could run.
func TestUnknownFilters(t *testing.T) {
	t.Parallel()
	strange := novatest.Before(func(s *novatest.Stack) {
		addToPasteFile(s.State+"/api-paste.ini", "[filter:region]\nuse = egg:out-of-tree#region\n")
	})
	s := novatest.New(t, novatest.Conf("[wsgi]\nunknown_filters = skip"), strange)
	s.As("demo").Do("GET /flavors").Expect(200)
	if !strings.Contains(s.Log(), `section [filter:region]: factory \"out-of-tree#region\": no such factory`) {
		t.Errorf("the log does not tell of the filter:\n%s", s.Log())
	}
}
