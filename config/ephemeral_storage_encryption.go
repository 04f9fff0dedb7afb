package config

// EphemeralStorageEncryption is the [ephemeral_storage_encryption] group.
type EphemeralStorageEncryption struct {
	// Enabled encrypts ephemeral disks.
	Enabled bool `opt:"enabled" default:"false"`
	// Cipher and mode.
	Cipher string `opt:"cipher" default:"aes-xts-plain64"`
	// KeySize in bits.
	KeySize int `opt:"key_size" default:"512" min:"1"`
	// DefaultFormat of encryption.
	DefaultFormat string `opt:"default_format" default:"luks" choices:"luks"`
}
