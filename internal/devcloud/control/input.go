package control

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
)

// maxInput is the maximum length of a body, in bytes.
const maxInput = 1 << 20

func read(r *http.Request) ([]byte, error) { return readAtMost(r, maxInput) }

func readAtMost(r *http.Request, most int64) ([]byte, error) {
	text, err := io.ReadAll(io.LimitReader(r.Body, most+1))
	if err == nil && int64(len(text)) > most {
		err = fmt.Errorf("the body has more than %d bytes", most)
	}
	return text, err
}

// decode decodes the body into a struct, and refuses members that the struct does not have.
func decode(r *http.Request, to any) error {
	text, err := read(r)
	if err != nil {
		return err
	}
	return decodeObject(text, to)
}

// decodeObject does the same for a text.
func decodeObject(text []byte, to any) error {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(text, &members); err != nil {
		return fmt.Errorf("the body is not an object of JSON: %w", err)
	}
	if members == nil {
		return errors.New("the body is not an object of JSON")
	}
	known := Names(reflect.TypeOf(to).Elem())
	for name := range members {
		if err := oneOf("member", name, known); err != nil {
			return err
		}
	}
	d := json.NewDecoder(bytes.NewReader(text))
	if err := d.Decode(to); err != nil {
		if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
			return fmt.Errorf("%s: it is a %s in JSON, and has to be a %s", wrong.Field, wrong.Value, wrong.Type)
		}
		return err
	}
	return nil
}

// oneOf refuses a name that is not in exist.
func oneOf(what, name string, exist []string) error {
	if slices.Contains(exist, name) {
		return nil
	}
	return fmt.Errorf("there is no %s %q: there are %s", what, name, cmp.Or(strings.Join(exist, ", "), "none"))
}

// duration parses a duration such as "3s".
func duration(member, text string) (time.Duration, error) {
	d, err := time.ParseDuration(text)
	if err != nil || d < 0 {
		return 0, fmt.Errorf("%s: %q is not a time such as \"3s\" or \"1m30s\"", member, text)
	}
	return d, nil
}

// check validates a fault. methods are the methods of the hosts.
func (r *Rule) check(methods []string) error {
	if r.Request != "" || r.Status != 0 {
		return r.checkRequest()
	}
	if r.Message == "" && r.Delay == "" && !r.Hang {
		return errors.New("a fault needs message, delay, hang, or request and status")
	}
	if r.Method != "" {
		if err := oneOf("method", r.Method, methods); err != nil {
			return err
		}
	}
	if r.Server != "" && uuid.Validate(r.Server) != nil {
		return fmt.Errorf("server: %q is not the UUID of a server", r.Server)
	}
	if r.Delay != "" {
		if _, err := duration("delay", r.Delay); err != nil {
			return err
		}
	}
	return nil
}

// httpMethods are the methods that the services answer.
var httpMethods = []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete,
	http.MethodOptions}

func (r *Rule) checkRequest() error {
	if r.Method != "" || r.Server != "" || r.Message != "" || r.Delay != "" || r.Hang {
		return errors.New("a fault with request or status is about an answer: it has no other members than request, status and times")
	}
	method, path, _ := strings.Cut(r.Request, " ")
	if !strings.HasPrefix(path, "/") {
		return fmt.Errorf("request: %q is not METHOD /PATH", r.Request)
	}
	if err := oneOf("method of HTTP", method, httpMethods); err != nil {
		return fmt.Errorf("request: %w", err)
	}
	if r.Status < 400 || r.Status > 599 {
		return fmt.Errorf("status: %d is not between 400 and 599", r.Status)
	}
	return nil
}
