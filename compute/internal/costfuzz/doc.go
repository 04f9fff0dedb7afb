// Package costfuzz searches for requests that are within all size limits and still take seconds
// of processor time or a hundred megabytes. The tests of compute send the requests that were
// found so far; docs/testing.md describes the search.
package costfuzz
