package config

// Scheduler is the [scheduler] group, with the options that the API reads.
type Scheduler struct {
	// MaxAttempts to place a server.
	MaxAttempts int `opt:"max_attempts" default:"3" min:"1"`
	// MaxPlacementResults of one request to Placement.
	MaxPlacementResults int `opt:"max_placement_results" default:"1000" min:"1"`
}
