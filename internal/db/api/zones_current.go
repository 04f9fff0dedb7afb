package api

import "context"

// Current returns the same as ByHost without the cache. Answers about availability zones use it,
// because a client may have just created one.
func (z *Zones) Current(ctx context.Context) (map[string]string, error) {
	m, err := z.flight.Do(ctx)
	if err != nil {
		return nil, err
	}
	return m.byHost, nil
}
