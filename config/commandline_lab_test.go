//go:build lab

package config_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"os/exec"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/nova-go/nova/config"
)

var update = flag.Bool("update", false, "write testdata/commandline.json anew")

// TestCommandLineAgainstOsloConfig compares testdata/commandline.json, and the names of the options, with oslo.config
// and oslo.log of LAB_PYTHON.
func TestCommandLineAgainstOsloConfig(t *testing.T) {
	python := os.Getenv("LAB_PYTHON")
	if python == "" {
		t.Skip("LAB_PYTHON names no Python interpreter with Nova")
	}
	dir := write(t, commandLineFiles)
	cases := commandLines(t)
	in, err := json.Marshal(append([]commandLine{{Args: []string{}}}, cases...))
	if err != nil {
		t.Fatal(err)
	}
	var stderr bytes.Buffer
	cmd := exec.Command(python, "testdata/commandline.py", dir)
	cmd.Stdin, cmd.Stderr = bytes.NewReader(in), &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, stderr.String())
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	var options []string
	if err := json.Unmarshal([]byte(lines[0]), &options); err != nil || len(lines) != len(cases)+2 {
		t.Fatalf("%v, %d lines", err, len(lines))
	}
	known := map[string]bool{"--help": true, "-h": true, "--version": true, "--shell_completion": true}
	for _, o := range config.CommandOptions() {
		for _, name := range append([]string{o.Name}, o.Former...) {
			known["--"+name] = true
		}
		known["-"+o.Short] = true
	}
	if i := slices.IndexFunc(options, func(o string) bool { return !known[o] }); i >= 0 {
		t.Errorf("%s is not known here", options[i])
	}
	plain := answerOf(t, lines[1])
	for i := range cases {
		c, answer := &cases[i], answerOf(t, lines[i+2])
		for name, value := range answer.Values {
			if reflect.DeepEqual(value, plain.Values[name]) {
				delete(answer.Values, name)
			}
		}
		if len(answer.Values) == 0 {
			answer.Values = nil
		}
		if *update {
			c.Error, c.Values = answer.Error, answer.Values
		} else if c.Error != answer.Error || !reflect.DeepEqual(c.Values, answer.Values) {
			t.Errorf("%q: %s %v, for oslo.config %s %v", c.Args, c.Error, c.Values, answer.Error, answer.Values)
		}
	}
	if *update {
		var b bytes.Buffer
		b.WriteString("[\n")
		for i, c := range cases {
			line, err := json.Marshal(c)
			if err != nil {
				t.Fatal(err)
			}
			b.Write(line)
			if i < len(cases)-1 {
				b.WriteByte(',')
			}
			b.WriteByte('\n')
		}
		b.WriteString("]\n")
		if err := os.WriteFile("testdata/commandline.json", b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func answerOf(t *testing.T, line string) commandLine {
	t.Helper()
	var a commandLine
	if err := json.Unmarshal([]byte(line), &a); err != nil {
		t.Fatalf("%v in %s", err, line)
	}
	return a
}
