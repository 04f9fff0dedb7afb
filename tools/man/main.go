// Command man writes manual pages of programs from their help texts. Its arguments are NAME=PROGRAM: the
// name that the program is installed with, and its file.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/cpuguy83/go-md2man/v2/md2man"
)

func main() {
	log.SetFlags(0)
	log.SetPrefix("man: ")
	out := flag.String("o", ".", "directory of the pages")
	flag.Parse()
	for _, arg := range flag.Args() {
		name, program, ok := strings.Cut(arg, "=")
		if !ok {
			log.Fatalf("%s: want NAME=PROGRAM", arg)
		}
		page, err := page(name, program)
		if err != nil {
			log.Fatalf("%s: %v", program, err)
		}
		file := filepath.Join(*out, name+".8")
		if err := os.WriteFile(file, md2man.Render(page), 0o644); err != nil {
			log.Fatal(err)
		}
	}
}

// command is a line of a help text that describes a subcommand.
var command = regexp.MustCompile(`(?m)^  ([a-z]+) +\S`)

// page returns the page in Markdown.
func page(name, program string) ([]byte, error) {
	help, err := text(program, "--help")
	if err != nil {
		return nil, err
	}
	short, rest, _ := strings.Cut(help, "\n")
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s 8\n===\n\n# NAME\n\n%s - %s\n\n# SYNOPSIS\n\n", name, name, short)
	fmt.Fprintf(&b, "**%s** [*flags*]\n\n**%s** *command* [*flags*]\n\n# DESCRIPTION\n\n", name, name)
	fmt.Fprintf(&b, "Reads nova.conf and the paste file that it names, and serves the pipeline of this file.\n%s", block(rest))
	commands, _, _ := strings.Cut(help, "\nFlags:")
	for _, c := range command.FindAllStringSubmatch(commands, -1) {
		if c[1] == "help" {
			continue
		}
		help, err := text(program, c[1], "--help")
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(&b, "# COMMAND %s\n%s", strings.ToUpper(c[1]), block(help))
	}
	fmt.Fprintf(&b, "# FILES\n\n*/etc/nova/nova.conf*, */etc/nova/api-paste.ini*\n\n")
	fmt.Fprintf(&b, "# SIGNALS\n\nSIGHUP reads the configuration again, SIGUSR1 writes a report into the directory of\n"+
		"*[oslo_reports] log_dir* or to standard error, SIGUSR2 replaces the process by the program file as it is now,\n"+
		"SIGTERM ends the process after the requests in progress.\n")
	return b.Bytes(), nil
}

func text(program string, args ...string) (string, error) {
	out, err := exec.Command(program, args...).Output()
	return string(out), err
}

// block returns a text as a code block.
func block(text string) string { return "\n```\n" + strings.TrimSpace(text) + "\n```\n\n" }
