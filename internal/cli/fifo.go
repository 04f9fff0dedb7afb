package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"time"

	"github.com/nova-go/nova/internal/serve"
)

// fifo is uWSGI's master-fifo: a named pipe from which commands of one letter are read.
type fifo struct {
	paths    []string
	commands chan byte
}

// openFIFO makes the first of the pipes, in place of one of an earlier process.
func openFIFO(paths []string) (*fifo, *os.File, error) {
	if len(paths) == 0 {
		return nil, nil, nil
	}
	f := &fifo{paths: paths, commands: make(chan byte)}
	file, err := f.open(0)
	return f, file, err
}

func (f *fifo) open(slot int) (*os.File, error) {
	path := f.paths[slot]
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("master-fifo: %w", err)
	}
	file, err := makePipe(path)
	if err != nil {
		return nil, fmt.Errorf("master-fifo: %w", err)
	}
	return file, nil
}

// read sends the commands of a pipe until ctx ends. A digit changes to another pipe.
func (f *fifo) read(ctx context.Context, file *os.File) {
	context.AfterFunc(ctx, func() { _ = file.Close() })
	buffer := make([]byte, 256)
	for {
		n, err := file.Read(buffer)
		if err != nil {
			return
		}
		for _, command := range buffer[:n] {
			if slot := int(command - '0'); command >= '0' && command <= '9' && slot < len(f.paths) {
				if other, err := f.open(slot); err == nil {
					go f.read(ctx, other)
					return
				}
				continue
			}
			select {
			case f.commands <- command:
			case <-ctx.Done():
				return
			}
		}
	}
}

// handleCommand carries out a command of the pipe. Those about uWSGI's processes have no counterpart.
func (h *hosting) handleCommand(ctx context.Context, command byte) (end bool) {
	switch command {
	case 'r', 'R', 'w', 'W', 'c':
		h.reload(ctx)
	case 'q':
		return true
	case 'Q':
		h.endAsUWSGI()
		os.Exit(0)
	case 'l':
		if err := h.output.reopen(); err != nil {
			h.log.Error().Err(err).Msg("the log file cannot be reopened")
		}
	case 'L':
		if err := h.output.rotate(); err != nil {
			h.log.Error().Err(err).Msg("the log file cannot be rotated")
		}
	case 'P':
		if err := h.writePidfiles(); err != nil {
			h.log.Error().Err(err).Msg("the pid file cannot be written")
		}
	case 's':
		h.writeReport(h.config)
	case '\n', '\r', ' ':
	default:
		h.log.Warn().Str("command", string(rune(command))).Msg("master-fifo: the command has no counterpart here")
	}
	return false
}

// control opens what else a uWSGI file has for its control: files whose modification reloads, the pipe of commands, and
// statistics.
func (h *hosting) control(ctx context.Context, e *processEvents, parent *serve.Parent) error {
	if h.ini == nil {
		return nil
	}
	for _, file := range h.ini.Reload {
		go watchFile(ctx, file, time.Second, e.reload)
	}
	pipe, file, err := openFIFO(h.ini.MasterFIFO)
	if err != nil {
		return err
	}
	if pipe != nil {
		e.command = pipe.commands
		go pipe.read(ctx, file)
	}
	if h.ini.Stats.Address == "" {
		return nil
	}
	l, err := h.listenStats()
	switch {
	case err == nil:
		go h.serveStats(ctx, l, h.ini.Stats)
	case !parent.Replaces():
		return fmt.Errorf("stats: %w", err)
	default:
		go h.awaitStats(ctx)
	}
	return nil
}

// awaitStats serves the statistics when the replaced process has ended.
func (h *hosting) awaitStats(ctx context.Context) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if l, err := h.listenStats(); err == nil {
				h.serveStats(ctx, l, h.ini.Stats)
				return
			}
		}
	}
}

func (h *hosting) listenStats() (net.Listener, error) {
	return serve.Listen(h.ini.Stats.Address, cmp.Or(h.ini.SocketMode, 0o777&^umask()))
}
