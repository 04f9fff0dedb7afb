package create

import (
	"crypto/rand"
	"fmt"
	"math/big"
	"regexp"
	"strings"
)

const (
	lowerLetters       = "abcdefghijkmnopqrstuvwxyz"
	passwordDigits     = "23456789"
	upperLetters       = "ABCDEFGHJKLMNPQRSTUVWXYZ"
	passwordCharacters = passwordDigits + upperLetters + lowerLetters
)

// Password returns a random password of a length. It has a digit, an upper and a lower case letter, and no characters that
// look alike.
func Password(length int) string {
	p := []byte{randomByte(passwordDigits), randomByte(upperLetters), randomByte(lowerLetters)}
	shuffleBytes(p)
	p = p[:min(length, len(p))]
	for len(p) < length {
		p = append(p, randomByte(passwordCharacters))
	}
	shuffleBytes(p)
	return string(p)
}

func randomByte(from string) byte { return from[randomBelow(len(from))] }

func shuffleBytes(p []byte) {
	for n := len(p) - 1; n > 0; n-- {
		o := randomBelow(n + 1)
		p[n], p[o] = p[o], p[n]
	}
}

func randomBelow(n int) int {
	v, err := rand.Int(rand.Reader, big.NewInt(int64(n)))
	if err != nil {
		panic(err) // crypto/rand does not fail
	}
	return int(v.Int64())
}

// reservationID returns a random reservation id, which the servers of one request share.
func reservationID() string {
	const characters = "01234567890abcdefghijklmnopqrstuvwxyz"
	id := []byte("r-")
	for range 8 {
		id = append(id, randomByte(characters))
	}
	return string(id)
}

var (
	replacedByHyphen = regexp.MustCompile(`[ _.]`)
	notInHostname    = regexp.MustCompile(`[^0-9A-Za-z_.\-` +
		`\x{aa}\x{b2}\x{b3}\x{b5}\x{b9}\x{ba}\x{bc}-\x{be}\x{c0}-\x{d6}\x{d8}-\x{f6}\x{f8}-\x{ff}]+`)
)

// hostnameFrom derives a host name from a display name as Nova does: it keeps the characters of RFC 1123 and those of
// Latin-1 that Python's \w matches, at most 63.
func hostnameFrom(name string) string {
	var latin []rune
	for _, c := range name {
		if c <= 0xff {
			latin = append(latin, c)
		}
	}
	h := string(latin[:min(63, len(latin))])
	h = notInHostname.ReplaceAllString(replacedByHyphen.ReplaceAllString(h, "-"), "")
	return strings.Trim(strings.ToLower(h), ".-")
}

// serverNames returns the display name and the host name of a server. If a request creates several servers, they are
// numbered.
func serverNames(r *Request, uuid string, index, count int) (display, host string) {
	display = r.Name
	if r.Hostname != nil && *r.Hostname != "" {
		host = *r.Hostname
	} else {
		switch host = hostnameFrom(display); {
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
