//go:build !linux

package serve

func isDead(uintptr) bool { return false }
