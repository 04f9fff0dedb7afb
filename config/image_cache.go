package config

// ImageCache is the [image_cache] group, with the options that the API reads.
type ImageCache struct {
	// PrecacheConcurrency is how many computes of an aggregate load an image at
	// once.
	PrecacheConcurrency int `opt:"precache_concurrency" default:"1" min:"1"`
}
