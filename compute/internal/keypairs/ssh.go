package keypairs

import (
	"crypto/md5" // Nova's fingerprint uses MD5; it protects nothing
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"math/big"
	"strings"

	"golang.org/x/crypto/ssh"

	"github.com/nova-go/nova/internal/objects"
	"github.com/nova-go/nova/internal/pytext"
)

// keyPair is a generated key: the private key for the user, the public key for Nova, and the
// fingerprint.
type keyPair struct{ private, public, fingerprint string }

// keyBits is the size of generated RSA keys.
const keyBits = 2048

// generateSSH generates an RSA key: the private key as PKCS#1 in PEM, the public key in
// OpenSSH's format with Nova's comment.
func generateSSH() (keyPair, error) {
	key, err := rsa.GenerateKey(rand.Reader, keyBits)
	if err != nil {
		return keyPair{}, err
	}
	public, err := ssh.NewPublicKey(&key.PublicKey)
	if err != nil {
		return keyPair{}, err
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})
	return keyPair{
		private:     string(text),
		public:      public.Type() + " " + base64.StdEncoding.EncodeToString(public.Marshal()) + " Generated-by-Nova",
		fingerprint: ssh.FingerprintLegacyMD5(public),
	}, nil
}

func invalidKeypair(reason string) error {
	return objects.ErrInvalidKeypair.Errorf(objects.KindInvalid, "Keypair data is invalid: %s", reason)
}

// sshFingerprint checks the line of a public key and returns its MD5 fingerprint, "aa:bb:…".
// Its error is an InvalidKeypair.
func sshFingerprint(line string) (string, error) {
	bad := invalidKeypair("failed to generate fingerprint")
	kind, body, ok := firstWords(line)
	if !ok {
		return "", bad
	}
	blob, err := pytext.DecodeBase64(body)
	if err != nil || checkSSHBlob(kind, blob) != nil {
		return "", bad
	}
	// Nova checks the second word, and then hashes the text after the first space. These differ
	// for a line with two spaces or a line break.
	parts := strings.Split(line, " ")
	if len(parts) < 2 {
		return "", bad
	}
	hashed, err := pytext.DecodeBase64(parts[1])
	if err != nil {
		return "", bad
	}
	sum := md5.Sum(hashed)
	return colonHex(sum[:]), nil
}

// firstWords returns the first two words of a line: the type and the key.
func firstWords(line string) (kind, body string, ok bool) {
	space := func(r rune) bool { return strings.ContainsRune(" \t\n\r\f\v", r) }
	end := strings.IndexFunc(line, space)
	if end <= 0 {
		return "", "", false
	}
	rest := strings.TrimLeft(line[end:], " \t")
	if n := strings.IndexFunc(rest, space); n >= 0 {
		return line[:end], rest[:n], n > 0
	}
	return line[:end], rest, rest != ""
}

// checkSSHBlob checks that a blob is a key of the given type. It parses RSA keys itself,
// because the library rejects exponents and sizes that Nova accepts.
func checkSSHBlob(kind string, blob []byte) error {
	name, rest, ok := sshString(blob)
	if !ok || string(name) != kind {
		return errors.New("another kind of key")
	}
	if kind != ssh.KeyAlgoRSA {
		_, err := ssh.ParsePublicKey(blob)
		return err
	}
	e, rest, okE := sshString(rest)
	n, rest, okN := sshString(rest)
	if !okE || !okN || len(rest) > 0 || isNegative(e) || isNegative(n) {
		return errors.New("no RSA key")
	}
	exponent, modulus := new(big.Int).SetBytes(e), new(big.Int).SetBytes(n)
	if exponent.Cmp(big.NewInt(3)) < 0 || exponent.Bit(0) == 0 || exponent.Cmp(modulus) >= 0 || modulus.Bit(0) == 0 {
		return errors.New("no RSA key")
	}
	return nil
}

func isNegative(number []byte) bool { return len(number) > 0 && number[0]&0x80 != 0 }

func sshString(b []byte) (s, rest []byte, ok bool) {
	if len(b) < 4 {
		return nil, nil, false
	}
	n := binary.BigEndian.Uint32(b)
	if uint64(n) > uint64(len(b)-4) {
		return nil, nil, false
	}
	return b[4 : 4+n], b[4+n:], true
}

// colonHex formats bytes as "aa:bb:…".
func colonHex(b []byte) string {
	parts := make([]string, len(b))
	for i := range b {
		parts[i] = hex.EncodeToString(b[i : i+1])
	}
	return strings.Join(parts, ":")
}
