// Package uwsgiini reads uWSGI's command line and ini files, as far as they describe the
// application and its sockets.
//
// Options of uWSGI that do not apply to a Go process (processes, virtualenv, thunder-lock) are
// accepted. Options whose effect is missing (mount, cron) and unknown options cause a warning.
// Conditions and loops are an error.
package uwsgiini
