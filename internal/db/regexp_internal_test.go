//go:build !nosqlite

package db

import (
	"strings"
	"testing"
)

// TestExpressionsAreBounded refuses what would compile to hundreds of megabytes, and
// takes what is merely long.
func TestExpressionsAreBounded(t *testing.T) {
	t.Parallel()
	var e expressions
	for _, text := range []string{"^web-[0-9]{1,3}$", strings.Repeat("7b6e0dd0-0d2c-4f3e-8d43-fbd4d2a5a2f1|", 250), "(a{30}){30}", strings.Repeat(`[^\W]`, 2000)} {
		if _, err := e.compiled(text); err != nil {
			t.Errorf("%.40s: %v", text, err)
		}
	}
	for _, text := range []string{strings.Repeat("a{1000}", 10), strings.Repeat("(a?){1000}", 100), "((a{30}){30}){12}", strings.Repeat("a", 20000)} {
		if _, err := e.compiled(text); err == nil {
			t.Errorf("%.40s of %d bytes is compiled", text, len(text))
		}
	}
}
