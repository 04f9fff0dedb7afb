package tree

import (
	"context"
	"encoding/base64"
	"fmt"
	"sync"
	"sync/atomic"
)

// cell holds a document once it is made. Two that make it at once make the same.
type cell struct{ p atomic.Pointer[Answer] }

func (c *cell) get(make func() (Answer, error)) (Answer, error) {
	if a := c.p.Load(); a != nil {
		return *a, nil
	}
	a, err := make()
	if err == nil {
		c.p.Store(&a)
	}
	return a, err
}

// lazy holds what is loaded once, by one flight; an error is not kept.
type lazy[T any] struct {
	mu    sync.Mutex
	done  bool
	value T
}

func (l *lazy[T]) get(ctx context.Context, load func(context.Context) (T, error)) (T, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.done {
		return l.value, nil
	}
	v, err := load(ctx)
	if err == nil {
		l.value, l.done = v, true
	}
	return v, err
}

// decodeBase64 reads base64 as Python's b64decode does: what is not of the
// alphabet is passed over, and what follows complete padding is not read.
func decodeBase64(text string) ([]byte, error) {
	clean := make([]byte, 0, len(text))
	pad := 0
	for i := range len(text) {
		c := text[i]
		switch {
		case c == '=':
			if n := len(clean) % 4; n >= 2 {
				if pad++; n+pad == 4 {
					return base64.RawStdEncoding.AppendDecode(make([]byte, 0, len(clean)), clean)
				}
			}
		case c >= 'A' && c <= 'Z', c >= 'a' && c <= 'z', c >= '0' && c <= '9', c == '+', c == '/':
			clean = append(clean, c)
			pad = 0
		}
	}
	if len(clean)%4 != 0 {
		return nil, fmt.Errorf("user data is not base64: incorrect padding")
	}
	return base64.RawStdEncoding.AppendDecode(make([]byte, 0, len(clean)), clean)
}
