//go:build unix

package cli_test

import (
	"os"
	"strconv"
	"syscall"
)

// ownerOf returns the number of the user that owns a file, or "".
func ownerOf(path string) string {
	i, err := os.Lstat(path)
	if err != nil {
		return ""
	}
	return strconv.Itoa(int(i.Sys().(*syscall.Stat_t).Uid))
}
