package devcloud_test

import (
	"net/url"
	"strings"
	"testing"
)

// TestAnswersAsInALab has answers that once differed from those of a real OpenStack.
func TestAnswersAsInALab(t *testing.T) {
	t.Parallel()
	c := start(t, "")
	defer c.Close()
	n := nova{t, c, logIn(t, c, "demo", "secret", "demo", 201)}
	id := n.boot("2.37", fromCirros+`"networks": "none"`)

	// The time of a change has whole seconds: changes-before with it finds the server.
	updated, _ := onlyOne(t, n.do("2.90", "GET", "/servers/"+id, "", 200), "server")["updated"].(string)
	found, _ := n.do("2.90", "GET", "/servers?changes-before="+url.QueryEscape(updated), "", 200)["servers"].([]any)
	if len(found) != 1 {
		t.Errorf("changes-before=%s: %v", updated, found)
	}

	// A port of nobody cannot be detached: the host finds that out.
	n.do("2.90", "DELETE", "/servers/"+id+"/os-interface/3b7f3ac6-0f53-4e2e-9d94-2f0f3b0f8f11", "", 202)
	c.Settle()
	actions, _ := n.do("2.90", "GET", "/servers/"+id+"/os-instance-actions", "", 200)["instanceActions"].([]any)
	action, _ := actions[0].(map[string]any)
	if action["action"] != "detach_interface" || action["message"] != "Error" {
		t.Errorf("the action is %v", action)
	}

	n.refused("2.1", "GET", "/os-security-groups/3b7f3ac6-0f53-4e2e-9d94-2f0f3b0f8f11", "", 404,
		`Security group 3b7f3ac6-0f53-4e2e-9d94-2f0f3b0f8f11 does not exist\nNeutron server returns .*`)

	_, text := send(t, c, n.token, "GET", "/v2.1/servers", "", 200, "X-Forwarded-Proto: https")
	if !strings.Contains(string(text), `"https://127.0.0.1`) {
		t.Errorf("the links have another scheme: %s", text)
	}
}
