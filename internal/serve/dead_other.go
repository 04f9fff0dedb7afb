//go:build !linux

package serve

func dead(uintptr) bool { return false }
