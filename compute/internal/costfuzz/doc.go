// Package costfuzz searches for requests that cost more than they are worth: the
// ones below every size limit that take seconds of processor time, or a hundred
// megabytes. The tests of compute
// send what was found so far; docs/testing.md says how to search for more.
package costfuzz
