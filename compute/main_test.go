package compute_test

import (
	"flag"
	"os"
	"testing"
)

// TestMain runs more of the parallel tests at a time than there are processors, unless
// the command line says how many: they wait for most of their time.
func TestMain(m *testing.M) {
	flag.Parse()
	chosen := false
	flag.Visit(func(f *flag.Flag) { chosen = chosen || f.Name == "test.parallel" })
	if !chosen {
		_ = flag.Set("test.parallel", "6")
	}
	os.Exit(m.Run())
}
