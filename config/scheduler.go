package config

// Scheduler is the [scheduler] group, as far as the API looks at it.
type Scheduler struct {
	// MaxAttempts to place a server.
	MaxAttempts int `opt:"max_attempts" default:"3" min:"1"`
	// MaxPlacementResults of one question to Placement.
	MaxPlacementResults int `opt:"max_placement_results" default:"1000" min:"1"`
}
