package objects

// Image is an image of Glance, as far as Nova looks at it.
type Image struct {
	ID      string `json:"id"`
	Name    string `json:"name"`
	Status  string `json:"status"`
	MinRAM  int64  `json:"min_ram"`  // MiB
	MinDisk int64  `json:"min_disk"` // GiB
}
