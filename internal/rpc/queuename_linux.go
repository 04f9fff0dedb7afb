package rpc

import (
	"os"
	"strconv"
	"strings"
	"syscall"
)

func lockFile(f *os.File) error { return syscall.Flock(int(f.Fd()), syscall.LOCK_EX) }

// processGroup returns the process group and the time of its start, in clock ticks since boot.
func processGroup() (group, started string) {
	g := syscall.Getpgrp()
	pid := g
	if pid == 0 {
		pid = os.Getpid() // a process of "podman exec" has no process group of its own
	}
	started = "0"
	if stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat"); err == nil {
		if fields := strings.Fields(string(stat)); len(fields) > 21 {
			started = fields[21]
		}
	}
	return strconv.Itoa(g), started
}
