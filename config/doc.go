// Package config reads Nova's configuration as oslo.config does, and returns it as typed Go
// structs, one per option group.
//
// [Load] finds the files (defaults, --config-file, --config-dir, OS_NOVA_CONFIG_DIR,
// OS_NOVA_CONFIG_FILES, nova.conf.d), applies environment variables and flags over them,
// substitutes $references, converts every declared option and checks its bounds. Errors name
// file, line, group and option.
//
// Options are declared by struct tags, next to the documentation of the option; see [Config]
// for the list of groups and the comment of spec for the tags. Groups whose names are not known
// in advance (a paste filter's own section, [cors.NAME], the section that auth_section points
// to) are read with [Config.Decode] and [Config.Raw].
//
// # Why the package has its own parser
//
// The dialect of oslo.config differs from that of Python's configparser, and gopkg.in/ini.v1
// cannot be configured for it. That library does not support five of its rules. An indented
// line always continues the value before it, even if it looks like a comment or an assignment,
// and is an error after a blank line or a comment. A key may be repeated with the same value,
// and a MultiOpt uses each occurrence (the shadows of ini.v1 drop equal values). One pair of
// quotes is removed, and nothing inside it is unescaped. A group name is folded to lower case,
// except DEFAULT. Every problem is reported with its line, which ini.v1 does not keep. The
// parser for the whole dialect is short (parse.go).
//
// # Imports
//
// The package is public and imports no package of this module.
package config
