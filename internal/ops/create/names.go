package create

import (
	"crypto/rand"
	"fmt"
	"math/big"
	"regexp"
	"strings"
)

const (
	lower    = "abcdefghijkmnopqrstuvwxyz"
	digits   = "23456789"
	upper    = "ABCDEFGHJKLMNPQRSTUVWXYZ"
	anything = digits + upper + lower
)

// Password makes one up: it has a digit and a letter of each case, and none that
// look like another.
func Password(length int) string {
	p := []byte{pick(digits), pick(upper), pick(lower)}
	shuffle(p)
	p = p[:min(length, len(p))]
	for len(p) < length {
		p = append(p, pick(anything))
	}
	shuffle(p)
	return string(p)
}

func pick(from string) byte { return from[below(len(from))] }

func shuffle(p []byte) {
	for n := len(p) - 1; n > 0; n-- {
		o := below(n + 1)
		p[n], p[o] = p[o], p[n]
	}
}

func below(n int) int {
	v, err := rand.Int(rand.Reader, big.NewInt(int64(n)))
	if err != nil {
		panic(err) // crypto/rand does not fail
	}
	return int(v.Int64())
}

// reservationID is the id that the servers of one request share.
func reservationID() string {
	const characters = "01234567890abcdefghijklmnopqrstuvwxyz"
	id := []byte("r-")
	for range 8 {
		id = append(id, pick(characters))
	}
	return string(id)
}

var (
	toHyphen  = regexp.MustCompile(`[ _.]`)
	forbidden = regexp.MustCompile(`[^0-9A-Za-z_.\-\x{aa}\x{b2}\x{b3}\x{b5}\x{b9}\x{ba}\x{bc}-\x{be}\x{c0}-\x{d6}\x{d8}-\x{f6}\x{f8}-\x{ff}]+`)
)

// hostname makes one of a name: RFC 1123's characters and what Python takes for
// word characters in Latin-1, at most 63.
func hostname(name string) string {
	var latin []rune
	for _, c := range name {
		if c <= 0xff {
			latin = append(latin, c)
		}
	}
	h := string(latin[:min(63, len(latin))])
	h = forbidden.ReplaceAllString(toHyphen.ReplaceAllString(h, "-"), "")
	return strings.Trim(strings.ToLower(h), ".-")
}

// nameOf are a server's display name and hostname: those of several servers of one
// request are numbered.
func nameOf(r *Request, uuid string, index, count int) (display, host string) {
	display = r.Name
	if r.Hostname != nil && *r.Hostname != "" {
		host = *r.Hostname
	} else {
		switch host = hostname(display); {
		case host == "":
			host = "Server-" + uuid
		case count > 1:
			host = fmt.Sprintf("%s-%d", host, index+1)
		}
	}
	if count > 1 {
		display = fmt.Sprintf("%s-%d", display, index+1)
	}
	return display, host
}
