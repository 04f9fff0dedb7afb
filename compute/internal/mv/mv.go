// Package mv names the microversions of the compute API, parses the headers that request one,
// and compares them. It imports no package of this module.
package mv

import (
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"strings"

	"github.com/nova-go/nova/internal/pytext"
)

// Version is a microversion of major version 2: 90 is 2.90. The zero value, Legacy, is the v2.0
// API under /v2, which has no microversions.
type Version uint16

const (
	// Legacy is the version of requests below /v2.
	Legacy Version = 0
	// Min is the lowest version that the API advertises.
	Min = V1Base
	// Max is the highest version that the newest release advertises.
	Max = V104UpdatePinnedZone
	// End is greater than every version, for use as an open upper bound.
	End Version = 0xffff
)

// String returns the version in the form of the headers: "2.90".
func (v Version) String() string { return "2." + strconv.Itoa(int(v)) }

// MalformedError reports a version that is not X.Y. Nova answers it with 400.
type MalformedError struct{ Version string }

func (e *MalformedError) Error() string {
	return fmt.Sprintf("API Version String %s is of invalid format. Must be of format MajorNum.MinorNum.", e.Version)
}

// UnsupportedError reports a version below Min or above the newest one. Nova answers it with 406.
type UnsupportedError struct {
	Version string
	Newest  Version
}

func (e *UnsupportedError) Error() string {
	return fmt.Sprintf("Version %s is not supported by the API. Minimum is %s and maximum is %s.", e.Version, Min, e.Newest)
}

var versionPattern = regexp.MustCompile(`^([1-9][0-9]*)\.([1-9][0-9]*|0)\n?$`)

// FromHeaders returns the version that a request asks for: that of the last "compute" element
// of OpenStack-API-Version, otherwise that of X-OpenStack-Nova-API-Version, otherwise Min. newest
// is the highest version that is served. Its errors are *MalformedError and *UnsupportedError.
func FromHeaders(h http.Header, newest Version) (Version, error) {
	s, ok := requestedVersion(h)
	if !ok {
		return Min, nil
	}
	return Parse(s, newest)
}

func requestedVersion(h http.Header) (string, bool) {
	if standard := h["Openstack-Api-Version"]; len(standard) > 0 {
		elements := strings.Split(headerText(standard), ",")
		for i := len(elements) - 1; i >= 0; i-- {
			element := pytext.Strip(elements[i])
			end := strings.IndexFunc(element, pytext.IsSpace)
			if end > 0 && strings.EqualFold(element[:end], "compute") {
				return strings.TrimLeftFunc(element[end:], pytext.IsSpace), true
			}
		}
	}
	if legacy := h["X-Openstack-Nova-Api-Version"]; len(legacy) > 0 {
		all := headerText(legacy)
		return pytext.Strip(all[strings.LastIndexByte(all, ',')+1:]), true
	}
	return "", false
}

// headerText joins the values of a header.
func headerText(values []string) string { return pytext.Latin1(strings.Join(values, ",")) }

// Parse parses "2.90" or "latest", which is newest.
func Parse(s string, newest Version) (Version, error) {
	if s == "latest" {
		return newest, nil
	}
	m := versionPattern.FindStringSubmatch(s)
	if m == nil {
		return 0, &MalformedError{s}
	}
	minor, err := strconv.Atoi(m[2])
	if m[1] != "2" || err != nil || Version(minor) < Min || minor > int(newest) {
		return 0, &UnsupportedError{m[1] + "." + m[2], newest}
	}
	return Version(minor), nil
}
