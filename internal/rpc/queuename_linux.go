package rpc

import (
	"os"
	"strconv"
	"strings"
	"syscall"
)

func lockFile(f *os.File) error { return syscall.Flock(int(f.Fd()), syscall.LOCK_EX) }

// generation is the process group and when it started, in jiffies since boot.
func generation() (group, started string) {
	g := syscall.Getpgrp()
	pid := g
	if pid == 0 {
		pid = os.Getpid() // podman exec has no group of its own
	}
	started = "0"
	if stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat"); err == nil {
		if fields := strings.Fields(string(stat)); len(fields) > 21 {
			started = fields[21]
		}
	}
	return strconv.Itoa(g), started
}
