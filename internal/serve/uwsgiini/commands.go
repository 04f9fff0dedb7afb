package uwsgiini

import (
	"strings"
)

// Stage is a moment of the start, or the end, at which uWSGI runs commands.
type Stage string

// The stages, in their order.
const (
	Asap    Stage = "asap"           // before anything is opened
	PreJail Stage = "pre-jail"       // after the log and the pid file have been opened
	InJail  Stage = "in-jail"        // the same, because there is no jail
	AsRoot  Stage = "as-root"        // before the process changes its user
	AsUser  Stage = "as-user"        // after that
	PreApp  Stage = "pre-app"        // before the application is loaded
	PostApp Stage = "post-app"       // after that
	AtExit  Stage = "as-user-atexit" // when the process ends
)

// Command is a command of a stage.
type Command struct {
	Stage Stage
	Shell string // run by sh -c
}

// applyCommand applies exec-STAGE, and hook-STAGE with the action exec; done is false for other settings.
func (c *Config) applyCommand(s setting, _ string) (done bool, err error) {
	name, isExec := strings.CutPrefix(s.key, "exec-")
	if !isExec {
		var isHook bool
		if name, isHook = strings.CutPrefix(s.key, "hook-"); !isHook {
			return false, nil
		}
	}
	if s.key == "hook-master-start" {
		if !strings.HasPrefix(s.value, "unix_signal:15 gracefully_kill_them_all") { // SIGTERM always lets requests end
			c.warn(s, "left out: there is no such stage here")
		}
		return true, nil
	}
	switch Stage(name) {
	case Asap, PreJail, InJail, AsRoot, AsUser, PreApp, PostApp, AtExit:
	default:
		return false, nil // options.txt says so
	}
	command := s.value
	if !isExec {
		action, rest, _ := strings.Cut(s.value, ":")
		if command = rest; action != "exec" {
			c.warn(s, "left out: only hooks with exec: are run")
			return true, nil
		}
	}
	c.Commands = append(c.Commands, Command{Stage(name), command})
	return true, nil
}
