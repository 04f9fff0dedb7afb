package keypairs

import (
	"crypto/md5" // the fingerprint that Nova shows, not a protection
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
)

// pair is a generated key: what the user keeps, what Nova keeps, and how both
// recognise it.
type pair struct{ private, public, fingerprint string }

// keyBits is the size of generated RSA keys.
const keyBits = 2048

// generateSSH makes an RSA key: the private half as PKCS#1 in PEM, the public one
// as OpenSSH writes it, with Nova's comment.
func generateSSH() (pair, error) {
	key, err := rsa.GenerateKey(rand.Reader, keyBits)
	if err != nil {
		return pair{}, err
	}
	public, err := ssh.NewPublicKey(&key.PublicKey)
	if err != nil {
		return pair{}, err
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)})
	return pair{
		private:     string(text),
		public:      public.Type() + " " + base64.StdEncoding.EncodeToString(public.Marshal()) + " Generated-by-Nova",
		fingerprint: ssh.FingerprintLegacyMD5(public),
	}, nil
}

func invalid(reason string) error {
	return objects.ErrInvalidKeypair.Errorf(objects.KindInvalid, "Keypair data is invalid: %s", reason)
}

// sshFingerprint checks the line of a public key and answers its MD5 fingerprint,
// "aa:bb:…". What is no key is an InvalidKeypair.
func sshFingerprint(line string) (string, error) {
	bad := invalid("failed to generate fingerprint")
	kind, body, ok := fields(line)
	if !ok {
		return "", bad
	}
	blob, err := objects.DecodeBase64(body)
	if err != nil || checkSSHBlob(kind, blob) != nil {
		return "", bad
	}
	// Nova checks the second word and then hashes what stands behind the first
	// space, which is not the same for a line with two spaces or a line break.
	parts := strings.Split(line, " ")
	if len(parts) < 2 {
		return "", bad
	}
	hashed, err := objects.DecodeBase64(parts[1])
	if err != nil {
		return "", bad
	}
	sum := md5.Sum(hashed)
	return colons(sum[:]), nil
}

// fields are the first two words of a line: the type, then the key.
func fields(line string) (kind, body string, ok bool) {
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

// checkSSHBlob tells whether a blob is a key of a kind. RSA keys are looked at
// here because the library refuses exponents and sizes that Nova takes.
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
	if !okE || !okN || len(rest) > 0 || negative(e) || negative(n) {
		return errors.New("no RSA key")
	}
	exponent, modulus := new(big.Int).SetBytes(e), new(big.Int).SetBytes(n)
	if exponent.Cmp(big.NewInt(3)) < 0 || exponent.Bit(0) == 0 || exponent.Cmp(modulus) >= 0 || modulus.Bit(0) == 0 {
		return errors.New("no RSA key")
	}
	return nil
}

func negative(number []byte) bool { return len(number) > 0 && number[0]&0x80 != 0 }

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

// colons writes bytes as "aa:bb:…".
func colons(b []byte) string {
	parts := make([]string, len(b))
	for i := range b {
		parts[i] = hex.EncodeToString(b[i : i+1])
	}
	return strings.Join(parts, ":")
}
