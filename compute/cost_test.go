//go:build unix

package compute_test

import (
	"testing"

	"github.com/nova-go/nova/compute"
	"github.com/nova-go/nova/compute/internal/costfuzz"
)

func TestCostKept(t *testing.T) { costfuzz.Kept(t) }

func TestCostSearch(t *testing.T) { costfuzz.Search(t, compute.Routes()) }
