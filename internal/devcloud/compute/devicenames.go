package compute

import (
	"regexp"
	"slices"
	"strings"

	"github.com/nova-go/nova/internal/devcloud/records"
	"github.com/nova-go/nova/internal/objects"
)

// defaultRoot is the device name that a server without one is assumed to have.
const defaultRoot = "/dev/sda1"

// Nova's patterns of device names: a path with prefix and letters, and the prefixes that do not
// distinguish two names.
var (
	devicePath   = regexp.MustCompile(`^(/dev/x?[a-z]?d?)([a-z]+)[0-9]*$`)
	devicePrefix = regexp.MustCompile(`^(x?v|s|h)d`)
	digits       = regexp.MustCompile(`[0-9]+`)
)

// deviceLetters returns the letters by which Nova compares device names: "b" of "/dev/vdb1".
func deviceLetters(name string) string {
	return digits.ReplaceAllString(devicePrefix.ReplaceAllString(strings.TrimPrefix(name, "/dev/"), ""), "")
}

// nextDevice returns the device name for a disk beside the names that a server has: with the
// prefix of root, and with the letters of the wanted name or, for "", the first unused ones.
func nextDevice(taken []string, root, wanted string) (string, error) {
	letters := ""
	if wanted != "" {
		parts := devicePath.FindStringSubmatch(wanted)
		if parts == nil {
			return "", Failed("InvalidDevicePath", "The supplied device path (%s) is invalid.", wanted)
		}
		letters = parts[2]
	}
	parts := devicePath.FindStringSubmatch("/dev/" + strings.TrimPrefix(root, "/dev/"))
	if parts == nil {
		return "", Failed("InvalidDevicePath", "The supplied device path (%s) is invalid.", root)
	}
	used := map[string]bool{}
	for _, name := range taken {
		used[deviceLetters(name)] = true
	}
	for n := 0; letters == ""; n++ {
		if next := lettersOf(n); !used[next] {
			letters = next
		}
	}
	if used[letters] {
		return "", Failed("DevicePathInUse", "The supplied device path (%s) is in use.", wanted)
	}
	return parts[1] + letters, nil
}

// lettersOf returns the letters of the n-th disk: "a" to "z", "aa".
func lettersOf(n int) string {
	text := ""
	for ; n >= 0; n = n/26 - 1 {
		text = string(rune('a'+n%26)) + text
	}
	return text
}

// nameDevices names the block devices of a new server as nova-compute does for a driver that does
// not choose names, and returns the name of the root device. Without a root device only its name
// is "".
func (j *Job) nameDevices(list []*records.Device) (root string, err error) {
	var rootDevice *records.Device
	for _, d := range list {
		if d.BootIndex != nil && *d.BootIndex == 0 {
			rootDevice = d
			break
		}
	}
	if rootDevice == nil {
		root = j.Server.RootDevice
		for _, d := range list {
			if objects.OrZero(d.Name) == "" {
				if err := nameDevice(d, usedNames(root, list), root); err != nil {
					return "", err
				}
			}
		}
		return root, nil
	}
	root = objects.OrZero(rootDevice.Name)
	if root == "" {
		root = j.Server.RootDevice
	}
	if root == "" {
		if root, err = nextDevice(nil, defaultRoot, ""); err != nil {
			return "", err
		}
	}
	rootDevice.Name = &root
	var names []string
	for _, d := range list {
		if name := objects.OrZero(d.Name); name != "" {
			names = append(names, name)
		}
	}
	ordered := slices.Clone(list)
	slices.SortStableFunc(ordered, func(a, b *records.Device) int { return namingRank(a) - namingRank(b) })
	for _, d := range ordered {
		if objects.OrZero(d.Name) != "" {
			continue
		}
		if err := nameDevice(d, names, root); err != nil {
			return "", err
		}
		names = append(names, *d.Name)
	}
	return root, nil
}

func nameDevice(d *records.Device, taken []string, root string) error {
	if root == "" {
		root = defaultRoot
	}
	name, err := nextDevice(taken, root, "")
	d.Name = &name
	return err
}

// namingRank orders block devices: local images, ephemeral disks, swap, volumes.
func namingRank(d *records.Device) int {
	switch {
	case d.Destination == "volume":
		return 3
	case d.Source != "blank":
		return 0
	case objects.OrZero(d.GuestFormat) == "swap":
		return 2
	}
	return 1
}

// usedNames returns the device names that a volume to attach must not have.
func usedNames(root string, list []*records.Device) []string {
	if root == "" {
		return []string{defaultRoot}
	}
	names := []string{root}
	for _, d := range list {
		if name := objects.OrZero(d.Name); name != "" && (d.Destination == "volume" || d.Source == "blank") {
			names = append(names, name)
		}
	}
	return names
}
