// Package uwsgiini reads what uWSGI is started with, its command line and ini
// files, for the part of it that says how and where to serve.
//
// Of uWSGI's options those that a Go process has no use for (processes,
// virtualenv, thunder-lock) are accepted in silence, those whose effect an
// operator might miss (stats, mount) with a warning, and names that uWSGI does
// not have either with a warning, too. Conditions and loops are an error.
package uwsgiini
