package inspect_test

import (
	"context"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/nova-go/nova/internal/inspect"
)

// TestFilterRemarks: check names options and files of filters, with their lines.
func TestFilterRemarks(t *testing.T) {
	const databases = "[database]\nconnection = sqlite://\n[api_database]\nconnection = sqlite://\n"
	ini := strings.Replace(pasteFile, "cors faultwrap app", "cors watcher limit faultwrap app", 1) +
		"[filter:watcher]\nuse = egg:watcher-middleware#watcher\nconfg_file = x\n" +
		"[filter:limit]\nuse = egg:rate-limit-middleware#rate-limit\nconfig_file = %[1]s/ratelimit.yaml\n"
	lines := strings.Count(pasteFile, "\n")
	for name, test := range map[string]struct {
		ini, limits string
		want        []string
	}{
		"remarks": {ini, "whitelists: []\nrates: {defaults: {}}\n", []string{
			"warning: api-paste.ini:" + strconv.Itoa(lines+3) + ": [filter:watcher] confg_file: is not read; did you mean config_file?",
			"warning: ratelimit.yaml:1: whitelists is not read; did you mean whitelist?",
			"warning: ratelimit.yaml:2: defaults is not read; did you mean default?"}},
		"a rate": {ini, "rates: {default: {servers: [\n  {action: create, limit: 5/m}]}}\n", []string{
			"error: api-paste.ini:" + strconv.Itoa(lines+4) + `: [filter:limit]: factory "rate-limit-middleware#rate-limit": config_file: DIR/ratelimit.yaml:2: servers: limit: "5/m" is no rate such as 10r/m or 2r/5m, and not -1`,
			"warning: api-paste.ini:" + strconv.Itoa(lines+3) + ": [filter:watcher] confg_file: is not read; did you mean config_file?"}},
		"a factory": {strings.Replace(ini, "#rate-limit", "#ratelimit", 1), "", []string{
			"error: api-paste.ini:" + strconv.Itoa(lines+4) + `: [filter:limit]: factory "rate-limit-middleware#ratelimit": no such factory; did you mean rate-limit-middleware#rate-limit? ([wsgi] unknown_filters = skip leaves unknown filters out)`}},
	} {
		t.Run(name, func(t *testing.T) {
			dir := write(t, databases, test.ini, "ratelimit.yaml", test.limits)
			list, _ := computeService().Check(context.Background(), inspect.CheckOptions{Files: []string{filepath.Join(dir, "nova.conf")}})
			var paste []inspect.Finding
			for _, f := range list {
				if f.Area == "paste" {
					paste = append(paste, f)
				}
			}
			expect(t, dir, paste, test.want)
		})
	}
}
