package keypairs

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1" // Nova's fingerprint uses SHA-1; it protects nothing
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"strings"
	"time"

	"software.sslmate.com/src/go-pkcs12"
)

// generateCertificate creates a certificate for Windows logins: the public part in PEM, the
// private part as PKCS#12 without a password, in base64.
func generateCertificate(user string) (keyPair, error) {
	key, err := rsa.GenerateKey(rand.Reader, keyBits)
	if err != nil {
		return keyPair{}, err
	}
	name, err := principalName(user + "@localhost")
	if err != nil {
		return keyPair{}, err
	}
	now := time.Now().UTC()
	template := &x509.Certificate{
		Subject: pkix.Name{CommonName: user}, NotBefore: now, NotAfter: now.AddDate(0, 0, 3650),
		ExtKeyUsage:     []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
		ExtraExtensions: []pkix.Extension{name},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return keyPair{}, err
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		return keyPair{}, err
	}
	store, err := pkcs12.Modern.Encode(key, certificate, nil, "")
	if err != nil {
		return keyPair{}, err
	}
	return keyPair{
		private:     base64.StdEncoding.EncodeToString(store),
		public:      string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})),
		fingerprint: colonsSHA1(der),
	}, nil
}

func colonsSHA1(der []byte) string {
	sum := sha1.Sum(der)
	return colonHex(sum[:])
}

// principalName returns the subject alternative name that Windows maps to an account: an
// otherName of type UPN.
func principalName(upn string) (pkix.Extension, error) {
	type otherName struct {
		Type  asn1.ObjectIdentifier
		Value string `asn1:"utf8,explicit,tag:0"`
	}
	names := struct {
		UPN otherName `asn1:"tag:0"`
	}{otherName{asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 311, 20, 2, 3}, upn}}
	der, err := asn1.Marshal(names)
	return pkix.Extension{Id: asn1.ObjectIdentifier{2, 5, 29, 17}, Value: der}, err
}

// certificateFingerprint checks a certificate in PEM and returns its SHA-1 fingerprint. Its
// error is an InvalidKeypair, with the reason that Python's cryptography gives for common
// mistakes.
func certificateFingerprint(text string) (string, error) {
	der, reason := certificateBlock(text)
	if reason == "" {
		_, err := x509.ParseCertificate(der)
		if err == nil {
			return colonsSHA1(der), nil
		}
		reason = "error parsing asn1 value: " + asn1Problem(der)
	}
	return "", invalidKeypair("failed to generate X509 fingerprint. Error message: " + reason)
}

const (
	pemProblem = "Unable to load PEM file. See https://cryptography.io/en/latest/faq/#why-can-t-i-import-my-pem-file for more details. "
	noneOfKind = "Valid PEM but no BEGIN CERTIFICATE/END CERTIFICATE delimiters. Are you sure this is a certificate?"
)

// certificateBlock finds the first certificate of a text. If there is none, problem is the
// reason; encoding/pem gives none, because it skips invalid blocks.
func certificateBlock(text string) (der []byte, problem string) {
	const begin, end, dashes = "-----BEGIN ", "-----END ", "-----"
	found := false
	for {
		_, after, ok := strings.Cut(text, begin)
		if !ok {
			break
		}
		kind, after, okKind := strings.Cut(after, dashes)
		body, after, okBody := strings.Cut(after, end)
		endKind, rest, okEnd := strings.Cut(after, dashes)
		if !okKind || !okBody || !okEnd {
			break
		}
		if kind != endKind {
			return nil, fmt.Sprintf("%sMismatchedTags(%q, %q)", pemProblem, kind, endKind)
		}
		data, problem := pemBody(body)
		if problem != "" {
			return nil, pemProblem + problem
		}
		found = true
		if kind == "CERTIFICATE" || kind == "X509 CERTIFICATE" {
			return data, ""
		}
		text = rest
	}
	if found {
		return nil, noneOfKind
	}
	return nil, pemProblem + "MalformedFraming"
}

// pemBody decodes the text between the delimiters: headers and a blank line, if there are any, and
// base64.
func pemBody(body string) (data []byte, problem string) {
	body = strings.TrimLeft(body, " \t\n\r")
	headers, rest, ok := strings.Cut(body, "\n\n")
	if !ok {
		headers, rest, ok = strings.Cut(body, "\r\n\r\n")
	}
	if ok {
		body = rest
	} else {
		headers = ""
	}
	if data, problem = decodePEM(strings.Join(strings.Fields(body), "")); problem != "" {
		return nil, "InvalidData(" + problem + ")"
	}
	for line := range strings.Lines(headers) {
		if line = strings.TrimRight(line, "\r\n"); !strings.Contains(line, ":") {
			return nil, fmt.Sprintf("InvalidHeader(%q)", line)
		}
	}
	return data, ""
}

const base64Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

// decodePEM decodes base64. Problems have the words of the parser of Python's cryptography, which
// decodes whole groups of four characters before the last group.
func decodePEM(text string) (data []byte, problem string) {
	invalid := func(at int) (_ []byte, problem string) {
		return nil, fmt.Sprintf("Invalid symbol %d, offset %d.", text[at], at)
	}
	symbol := func(at int) bool { return strings.IndexByte(base64Alphabet, text[at]) >= 0 }
	n := len(text)
	if n%4 == 1 && text[n-1] != '=' && !symbol(n-1) {
		return invalid(n - 1)
	}
	last := max(0, n-1) / 4 * 4 // the beginning of the last group
	for i := range last {
		if !symbol(i) {
			return invalid(i)
		}
	}
	symbols, pads := 0, 0
	for i := last; i < n; i++ {
		switch {
		case text[i] == '=' && i-last < 2:
			return invalid(i)
		case text[i] == '=':
			pads++
		case pads > 0:
			return invalid(last + symbols)
		case !symbol(i):
			return invalid(i)
		default:
			symbols++
		}
	}
	switch {
	case n > 0 && symbols < 2:
		return nil, fmt.Sprintf("Invalid input length: %d", last+symbols)
	case (symbols+pads)%4 != 0:
		return nil, "Invalid padding"
	}
	data, err := base64.StdEncoding.Strict().DecodeString(text)
	if err != nil {
		at := last + symbols - 1
		c := text[at]
		return nil, fmt.Sprintf("Invalid last symbol 0x%X ('%c') at offset %d, decoded as 0b%08b.", c, c, at,
			strings.IndexByte(base64Alphabet, c))
	}
	return data, ""
}

// asn1Problem returns the error of the outermost element in the words of cryptography's parser;
// errors inside of it are not distinguished.
func asn1Problem(der []byte) string {
	const sequence = 0x30
	size, rest, problem := asn1Length(der)
	switch {
	case problem != "":
		return "ParseError { kind: " + problem + " }"
	case size > len(rest):
		return fmt.Sprintf("ParseError { kind: ShortData { needed: %d } }", size-len(rest))
	case der[0] != sequence:
		class := [...]string{"Universal", "Application", "ContextSpecific", "Private"}[der[0]>>6]
		return fmt.Sprintf("ParseError { kind: UnexpectedTag { actual: Tag { value: %d, constructed: %t, class: %s } } }", der[0]&0x1f,
			der[0]&0x20 != 0, class)
	case size == 0:
		return `ParseError { kind: ShortData { needed: 1 }, location: ["Certificate::tbs_cert"] }`
	case size < len(rest):
		return "ParseError { kind: ExtraData }"
	}
	return "ParseError { kind: InvalidValue }"
}

// asn1Length reads the length of an element, and returns the rest of the data.
func asn1Length(der []byte) (size int, rest []byte, problem string) {
	if len(der) < 2 {
		return 0, nil, "ShortData { needed: 1 }"
	}
	n, rest := int(der[1]), der[2:]
	if n < 0x80 {
		return n, rest, ""
	}
	n -= 0x80
	if n == 0 || n > 4 {
		return 0, nil, "InvalidLength"
	}
	if len(rest) < n {
		return 0, nil, fmt.Sprintf("ShortData { needed: %d }", n-len(rest))
	}
	for _, b := range rest[:n] {
		size = size<<8 | int(b)
	}
	if rest[0] == 0 || size < 0x80 {
		return 0, nil, "InvalidLength"
	}
	return size, rest[n:], ""
}
