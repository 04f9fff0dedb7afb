package uwsgiini

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// SetEnv applies env and unenv to the process.
func (c *Config) SetEnv() error {
	for _, kv := range c.Env {
		name, value, _ := strings.Cut(kv, "=")
		if err := os.Setenv(name, value); err != nil {
			return fmt.Errorf("env %s: %w", kv, err)
		}
	}
	for _, name := range c.Unset {
		_ = os.Unsetenv(name)
	}
	return nil
}

// ReadEnvDirs sets the variables of the files in directories, as uWSGI's envdir: the first line of
// a file is the value.
func (c *Config) ReadEnvDirs() error {
	for _, dir := range c.EnvDirs {
		files, err := os.ReadDir(dir)
		if err != nil {
			return fmt.Errorf("envdir: %w", err)
		}
		for _, file := range files {
			if strings.HasPrefix(file.Name(), ".") || file.IsDir() {
				continue
			}
			b, err := os.ReadFile(filepath.Join(dir, file.Name()))
			if err == nil {
				value, _, _ := strings.Cut(string(b), "\n")
				err = os.Setenv(file.Name(), value)
			}
			if err != nil {
				return fmt.Errorf("envdir: %w", err)
			}
		}
	}
	return nil
}
