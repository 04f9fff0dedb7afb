package api

import "context"

// Current is ByHost as the database has it now: for answers that are about zones
// themselves, where someone who just made one looks for it.
func (z *Zones) Current(ctx context.Context) (map[string]string, error) {
	m, err := z.flight.Do(ctx)
	if err != nil {
		return nil, err
	}
	return m.byHost, nil
}
