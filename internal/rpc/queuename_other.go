//go:build !linux

package rpc

import (
	"os"
	"strconv"
)

func lockFile(*os.File) error { return nil }

// processGroup returns the process id: the start of a process is not known on this system.
func processGroup() (group, started string) { return strconv.Itoa(os.Getpid()), "0" }
