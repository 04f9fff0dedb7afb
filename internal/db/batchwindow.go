package db

import (
	"sync"
	"time"
)

// batchWindow makes a load wait for the callers that are likely to come. A client that polls calls again
// as soon as it has its answer, so that the callers of a load come back at about the same time. If
// the first of them got a load at once, the others would have to wait for a second one, which is twice
// as many loads. Its methods are called with the mutex of the owner held.
type batchWindow struct {
	waiting  int           // callers of the next load
	expected int           // the number of callers that ends a wait; 0: nothing waits
	complete chan struct{} // receives a value when as many callers as expected wait
	alone    bool          // the last wait was in vain: further loads do not wait
}

// maxGathering limits the time that a load waits for callers.
const maxGathering = 5 * time.Millisecond

// join counts a caller of the next load.
func (c *batchWindow) join() {
	if c.waiting++; c.waiting == c.expected {
		c.complete <- struct{}{}
	}
}

// gather waits, after a load for served callers that took some time, until as many callers wait as
// there were with it, but not longer than half of that time. It unlocks the mutex while it waits.
func (c *batchWindow) gather(mutex *sync.Mutex, served int, took time.Duration) {
	if c.alone || served == 0 || served+c.waiting < 2 || c.waiting >= maxBatch {
		return
	}
	before := c.waiting
	c.expected, c.complete = min(served+before, maxBatch), make(chan struct{}, 1)
	mutex.Unlock()
	select {
	case <-c.complete:
	case <-time.After(min(took/2, maxGathering)):
	}
	mutex.Lock()
	c.expected, c.alone = 0, c.waiting == before
}
