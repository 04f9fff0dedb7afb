//go:build lab && unix

package cli_test

import (
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/nova-go/nova/internal/novatest/testproc"
)

// wrk's report: requests, and what failed of them.
var (
	wrkRequests = regexp.MustCompile(`(\d+) requests in`)
	wrkErrors   = regexp.MustCompile(`Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)`)
	wrkStatus   = regexp.MustCompile(`Non-2xx or 3xx responses: (\d+)`)
)

// Reloads and replacements under load cost nobody a request.
func TestWrk(t *testing.T) {
	wrk, err := exec.LookPath("wrk")
	if err != nil {
		t.Skip("needs wrk")
	}
	for name, header := range map[string]string{"keep-alive": "X-A: b", "a connection each": "Connection: close"} {
		t.Run(name, func(t *testing.T) {
			address := testproc.Address(t)
			p := command(t, ip(1), nil, "nova-api", "--config-file=CONF", "--http="+address)
			pid := p.Process.Pid
			fetch(t, address, strconv.Itoa(pid)+" 192.0.2.1 ")
			load := exec.Command(wrk, "-t2", "-c64", "-d14s", "-H", header, "http://"+address+"/")
			var report strings.Builder
			load.Stdout, load.Stderr = &report, &report
			if err := load.Start(); err != nil {
				t.Fatal(err)
			}
			ended := make(chan error, 1)
			go func() { ended <- load.Wait() }()
			reloads, replacements := 0, 0
			for end := time.Now().Add(12 * time.Second); time.Now().Before(end); {
				for range 4 {
					time.Sleep(200 * time.Millisecond)
					reloads++
					p.write(t, ip(reloads%90+2))
					if err := syscall.Kill(pid, syscall.SIGHUP); err != nil {
						t.Fatal(err)
					}
				}
				time.Sleep(200 * time.Millisecond)
				if err := syscall.Kill(pid, syscall.SIGUSR2); err != nil {
					t.Fatal(err)
				}
				replacements++
				for old := pid; pid == old; time.Sleep(20 * time.Millisecond) {
					pid, _ = strconv.Atoi(strings.Fields(fetch(t, address, " "))[0])
				}
			}
			if err := <-ended; err != nil {
				t.Fatal(err)
			}
			_ = syscall.Kill(pid, syscall.SIGTERM)
			m := wrkRequests.FindStringSubmatch(report.String())
			if m == nil {
				t.Fatal(report.String())
			}
			requests, _ := strconv.Atoi(m[1])
			t.Logf("%d requests, %d reloads, %d replacements", requests, reloads, replacements)
			if e := wrkErrors.FindString(report.String()) + wrkStatus.FindString(report.String()); e != "" || requests < 100000 {
				t.Error(report.String())
			}
		})
	}
}
