package devcloud_test

import (
	"bytes"
	"flag"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/nova-go/nova/compute/devcloud"
)

var update = flag.Bool("update", false, "write the screenshots of the page in docs")

// TestPage uses the page of the cloud in Chromium.
func TestPage(t *testing.T) {
	b := openBrowser(t)
	c := start(t, "")
	defer func() { _ = c.Close() }()
	f := &forwarder{t: t, address: "127.0.0.1:0"}
	f.to(strings.TrimPrefix(c.URL, "http://"))
	defer f.cut()
	b.size(1280, 900)
	b.open("http://" + f.address + "/dev/")
	b.holds(`document.getElementById("connection").textContent === "Connected"`)
	b.holds(`!document.getElementById("no-servers").hidden`)

	createServers(t, c, "web-1", "web-2")
	b.holds(`document.querySelectorAll("#servers .ACTIVE").length === 2`) // by events
	b.tabTo(`e.id === "fail"`)
	b.press(keyEnter)
	b.holds(`document.getElementById("faults").textContent.includes("Planned on the page")`)
	createServers(t, c, "broken")
	b.holds(`document.querySelectorAll("#servers .ERROR").length === 1`)

	b.run("document.activeElement.blur(); window.scrollTo(0, 0); return true", new(bool))
	b.tabTo(`e.dataset.server && e.textContent === "web-1"`)
	b.press(keyEnter)
	b.holds(`document.activeElement.id === "life-title" && document.getElementById("life-title").textContent === "Server web-1"`)
	for id, text := range map[string]string{"actions": "create", "messages": "schedule_and_build_instances", "events": "instance.update", "console": "login:"} {
		b.holds(fmt.Sprintf(`document.getElementById(%q).textContent.includes(%q)`, id, text))
	}
	b.isAccessible()
	pictures := map[string][]byte{"dev-page.png": b.picture()}
	b.size(390, 844)
	var wide int
	if b.run("return document.documentElement.scrollWidth", &wide); wide > 390 {
		t.Errorf("at 390 px the page is %d px wide", wide)
	}
	b.isAccessible()
	pictures["dev-page-390.png"] = b.picture()
	b.press(keyEscape)
	b.holds(`document.getElementById("life").hidden && document.activeElement.textContent === "web-1"`)

	ask(t, c, "POST", "/reset", "", 204) // by another client
	b.holds(`!document.getElementById("no-servers").hidden && document.querySelectorAll("#servers tr").length === 0`)

	f.cut()
	b.holds(`document.getElementById("connection").textContent.includes("does not answer")`)
	next := start(t, "")
	defer func() { _ = next.Close() }()
	createServers(t, next, "after")
	f.to(strings.TrimPrefix(next.URL, "http://"))
	b.holds(`document.getElementById("connection").textContent === "Connected"`)
	b.holds(`document.getElementById("servers").textContent.includes("after")`)

	b.tabTo(`e.id === "reset"`)
	b.press(keyEnter)
	b.holds(`document.getElementById("sure").open`)
	b.press(keyTab)
	b.press(keyEnter)
	b.holds(`!document.getElementById("no-servers").hidden && document.activeElement.id === "reset"`)

	if *update {
		for name, picture := range pictures {
			if err := os.WriteFile("../../docs/"+name, small(t, picture), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// createServers creates servers of the user demo.
func createServers(t *testing.T, c *devcloud.Cloud, names ...string) {
	t.Helper()
	for _, name := range names {
		ask(t, c, "POST", "/seed", fmt.Sprintf(`{"servers": [{"name": %q, "flavor": "m1.tiny", "image": "cirros", "network": "private"}]}`, name),
			http.StatusNoContent)
	}
}

// isAccessible checks that all controls have names and can be reached by the keyboard, that fault buttons say what they do,
// and that all text has the contrast of WCAG 2 AA (4.5).
func (b *browser) isAccessible() {
	b.t.Helper()
	var problems []string
	b.run(`
		const problems = [];
		const shown = e => e.getClientRects().length > 0;
		for (const e of document.querySelectorAll("button, a, input, [tabindex]")) {
			if (!shown(e)) continue;
			if (!(e.textContent.trim() || e.getAttribute("aria-label") || e.getAttribute("aria-labelledby"))) problems.push("no name: " + e.outerHTML);
		}
		for (const e of document.querySelectorAll("#buttons button, #hosts button")) {
			const text = document.getElementById(e.getAttribute("aria-describedby"));
			if (!text || text.textContent.length < 20) problems.push("no description: " + e.outerHTML);
		}
		for (const e of document.querySelectorAll("[onclick], [onmouseover]")) problems.push("only for mice: " + e.outerHTML);
		const numbers = c => c.match(/[\d.]+/g).map(Number);
		const light = c => { const [r, g, b] = numbers(c).map(v => v / 255).map(v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
		const ground = e => { for (; e; e = e.parentElement) { const c = getComputedStyle(e).backgroundColor; if ((numbers(c)[3] ?? 1) > 0) return c; } return "rgb(255, 255, 255)"; };
		const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
		while (walk.nextNode()) {
			const e = walk.currentNode.parentElement;
			if (!walk.currentNode.textContent.trim() || !shown(e)) continue;
			const [a, b] = [light(getComputedStyle(e).color), light(ground(e))];
			const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
			if (ratio < 4.5) problems.push("contrast " + ratio.toFixed(1) + ": " + e.outerHTML);
		}
		return problems;`, &problems)
	for _, p := range problems {
		b.t.Error(p)
	}
}

// picture returns a screenshot of the upper part of the page.
func (b *browser) picture() []byte {
	b.t.Helper()
	b.run("window.scrollTo(0, 0); return true", new(bool))
	return b.screenshot()
}

// small returns a PNG with at most 256 colours: the most frequent ones of the picture.
func small(t *testing.T, picture []byte) []byte {
	t.Helper()
	from, err := png.Decode(bytes.NewReader(picture))
	if err != nil {
		t.Fatal(err)
	}
	count := map[color.RGBA]int{}
	bounds := from.Bounds()
	for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
		for x := bounds.Min.X; x < bounds.Max.X; x++ {
			r, g, b, _ := from.At(x, y).RGBA()
			count[color.RGBA{uint8(r >> 8), uint8(g >> 8), uint8(b >> 8), 255}]++
		}
	}
	var colours []color.RGBA
	for c := range count {
		colours = append(colours, c)
	}
	slices.SortFunc(colours, func(a, b color.RGBA) int { return count[b] - count[a] })
	var palette color.Palette
	for _, c := range colours[:min(len(colours), 256)] {
		palette = append(palette, c)
	}
	to := image.NewPaletted(bounds, palette)
	draw.Draw(to, bounds, from, bounds.Min, draw.Src)
	var out bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&out, to); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}
