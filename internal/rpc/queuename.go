package rpc

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/nova-go/nova/config"
)

// queueCounterDir has the files in which oslo.messaging's processes count their queues.
const queueCounterDir = "/dev/shm"

// replyName returns the name of a client's reply queue: a random one, or with use_queue_manager
// one that the service gets again after a restart.
func replyName(r config.OsloMessagingRabbit) (string, error) {
	if !r.UseQueueManager {
		return "reply_" + newID(), nil
	}
	n, err := countQueue(queueCounterDir, r.Hostname, r.Processname)
	if err != nil {
		return "", fmt.Errorf("[oslo_messaging_rabbit] use_queue_manager: %w", err)
	}
	return fmt.Sprintf("reply_%s:%s:%d", r.Hostname, r.Processname, n), nil
}

// countQueue reproduces oslo.messaging's QManager. The processes of one start of a service (its
// process group with the time of its start) increment a counter in a file that they share with
// the Python services. A new start counts from one.
func countQueue(dir, host, process string) (int, error) {
	path := filepath.Join(dir, host+"_"+process+"_qmanager")
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return 0, err
	}
	defer func() { _ = f.Close() }() // closing releases the lock
	if err := lockFile(f); err != nil {
		return 0, err
	}
	group, started := processGroup()
	text, err := os.ReadFile(path)
	if err != nil {
		return 0, err
	}
	n := 1
	if parts := strings.Split(strings.TrimSpace(string(text)), ":"); len(parts) == 3 && parts[0] == group && parts[2] == started {
		if last, err := strconv.Atoi(parts[1]); err == nil {
			n = last + 1
		}
	}
	if err := f.Truncate(0); err != nil {
		return 0, err
	}
	_, err = f.WriteAt(fmt.Appendf(nil, "%s:%d:%s", group, n, started), 0)
	return n, err
}
