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
	Hook  bool   `json:",omitempty"` // of hook-STAGE, and not of exec-STAGE
}

// Failure is what follows in uWSGI when a command fails.
type Failure int

// What follows when a command fails.
const (
	Ends      Failure = iota // the process ends with status 1
	EndsWell                 // it ends with status 0
	Continues                // the start goes on
	Waits                    // the sockets stay open, and requests wait until a later attempt succeeds
)

// Failure returns what follows when a command fails. Commands around the application are those of uWSGI's worker if it loads
// applications itself (lazy-apps, lazy): the worker ends, and its master starts another one. Hooks of a process with a master
// only ask this master to end, which does so if it serves already: always with lazy-apps and hook-post-app, mostly with
// hook-pre-app (in uWSGI this depends on which process is faster), and never without lazy-apps.
func (c *Config) Failure(command Command) Failure {
	switch {
	case !c.master || command.Stage != PreApp && command.Stage != PostApp:
		return Ends
	case command.Hook && c.lazy:
		return EndsWell
	case command.Hook:
		return Continues
	case c.lazy:
		return Waits
	}
	return Ends
}

// setMaster finds out whether uWSGI has a master: the last value of master says so, or else an option that needs one. What a
// master does is not done without one.
func (c *Config) setMaster(settings []setting, options map[string]Option) {
	var last setting
	for _, s := range settings {
		switch {
		case s.key == "master" || s.key == "M":
			c.master, last = !s.off, s
		case last.key == "" && options[s.key].Master:
			c.master = true // even if it has the value false
		}
	}
	if last.off {
		if c.Stats.Address != "" || len(c.MasterFIFO)+len(c.Reload)+len(c.Log.Reopen)+len(c.Log.Rotate) > 0 {
			c.warn(last, "stats, master-fifo and the options touch-… and fs-… have no effect")
		}
		if c.Log.Logger {
			c.withoutLogger(last, settings)
		}
		c.Stats, c.MasterFIFO, c.Reload, c.Log.Reopen, c.Log.Rotate = Stats{}, nil, nil, nil, nil
	}
}

// withoutLogger drops the file of logger, to which uWSGI's master writes. That of logto is not one of the master's.
func (c *Config) withoutLogger(master setting, settings []setting) {
	c.warn(master, "logger has no effect")
	c.Log.File, c.Log.Late, c.Log.Logger = "", false, false
	for _, s := range settings {
		if s.key == "logto" || s.key == "logto2" {
			c.Log.File, c.Log.Late = s.value, s.key == "logto2"
		}
	}
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
		if !stopsOnSIGTERM(s.value) {
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
	c.Commands = append(c.Commands, Command{Stage(name), command, !isExec})
	return true, nil
}

// stopsOnSIGTERM tells whether a hook has SIGTERM end the requests first, which is always so here. As in uWSGI, the number of the
// signal ends at the first character that is no digit, and the name of the function begins after the first space.
func stopsOnSIGTERM(hook string) bool {
	action, function, _ := strings.Cut(hook, " ")
	number, isSignal := strings.CutPrefix(action, "unix_signal:")
	rest := strings.TrimPrefix(number, "15")
	ends := rest == "" || rest[0] < '0' || rest[0] > '9'
	return isSignal && rest != number && ends && strings.HasPrefix(function, "gracefully_kill_them_all")
}
