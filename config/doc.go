// Package config reads Nova's configuration the way oslo.config does and
// hands it out as typed Go structs, one per option group.
//
// [Load] finds the files (defaults, --config-file, --config-dir,
// OS_NOVA_CONFIG_DIR, OS_NOVA_CONFIG_FILES, nova.conf.d), lays environment
// variables and flags over them, substitutes $references, converts every
// declared option and checks its bounds. What is wrong is reported with file,
// line, group and option.
//
// Options are declared by struct tags, next to the documentation of the option;
// see [Config] for the list of groups and the comment of spec for the tags.
// Groups whose names are not known in advance (a paste filter's own section,
// [cors.NAME], the section that auth_section points to) are read with
// [Config.Decode] and [Config.Raw].
//
// # Why the syntax is read by hand
//
// The dialect of oslo.config is not that of Python's configparser and not one
// that gopkg.in/ini.v1 can be set to. Five of its rules are out of that
// library's reach: a line that is indented always continues the value before
// it, even where it looks like a comment or an assignment, and is an error
// after a blank line or a comment; a key may be repeated with the same value,
// and MultiOpts count every one (ini.v1's shadows drop equal values); one pair
// of quotes is stripped and nothing inside it is unescaped; a group name is
// folded to lower case except DEFAULT; and every problem is to be reported
// with its line, which ini.v1 does not keep. The whole dialect is a page of
// code (parse.go), so it is written out here, once and testable.
//
// # Imports
//
// The package is public and imports nothing of this module.
package config
