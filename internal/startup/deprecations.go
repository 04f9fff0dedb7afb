package startup

import (
	"errors"
	"slices"
	"strings"

	"github.com/nova-go/nova/config"
)

// CheckDeprecations returns the first deprecated option or former name in use as an error if [DEFAULT] fatal_deprecations is set.
// oslo.config raises an error when the program first reads such an option: options that the services do not read are no reason to
// fail. Nor are the options that oslo.log has on the command line, which are read before fatal_deprecations.
func CheckDeprecations(c *config.Config) error {
	if !c.Default.FatalDeprecations {
		return nil
	}
	unread := map[[2]string]bool{}
	for _, u := range UnheededOptions() {
		for _, o := range u.Options {
			unread[[2]string{u.Group, o}] = true
		}
	}
	for _, d := range c.Deprecations() {
		early := d.CurrentGroup == "DEFAULT" && slices.ContainsFunc(config.CommandOptions(), func(o config.CommandOption) bool {
			return strings.ReplaceAll(o.Name, "-", "_") == d.CurrentOption
		})
		if !early && !unread[[2]string{d.CurrentGroup, d.CurrentOption}] {
			return errors.New(d.String() + " (fatal_deprecations is set)")
		}
	}
	return nil
}
