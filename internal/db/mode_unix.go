//go:build unix

package db

import (
	"io/fs"
	"syscall"
)

// hasModes tells whether the mode of a file says who can read it.
const hasModes = true

func ownedByRoot(info fs.FileInfo) bool {
	owner, ok := info.Sys().(*syscall.Stat_t)
	return ok && owner.Uid == 0
}
