package clienttls

import (
	"crypto/tls"
	"fmt"
	"slices"
	"strings"
)

// cipherSuite is a cipher suite of crypto/tls with OpenSSL's name and the words of cipher lists that
// select it.
type cipherSuite struct {
	id    uint16
	name  string
	words []string
}

// cipherSuites returns the TLS 1.2 suites that crypto/tls considers secure, strongest first. As with
// OpenSSL's cipher lists, TLS 1.3 suites cannot be selected.
func cipherSuites() []cipherSuite {
	const (
		ecdhe = "ECDHE EECDH kECDHE kEECDH"
		rsa   = ecdhe + " aRSA"
		ecdsa = ecdhe + " aECDSA ECDSA"
	)
	list := []cipherSuite{
		{tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, "ECDHE-ECDSA-AES256-GCM-SHA384",
			strings.Fields(ecdsa + " AES AES256 AESGCM SHA384 TLSv1.2")},
		{tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384, "ECDHE-RSA-AES256-GCM-SHA384", strings.Fields(rsa + " AES AES256 AESGCM SHA384 TLSv1.2")},
		{tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, "ECDHE-ECDSA-CHACHA20-POLY1305", strings.Fields(ecdsa + " CHACHA20 TLSv1.2")},
		{tls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256, "ECDHE-RSA-CHACHA20-POLY1305", strings.Fields(rsa + " CHACHA20 TLSv1.2")},
		{tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, "ECDHE-ECDSA-AES128-GCM-SHA256",
			strings.Fields(ecdsa + " AES AES128 AESGCM SHA256 TLSv1.2")},
		{tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, "ECDHE-RSA-AES128-GCM-SHA256", strings.Fields(rsa + " AES AES128 AESGCM SHA256 TLSv1.2")},
		{tls.TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA, "ECDHE-ECDSA-AES256-SHA", strings.Fields(ecdsa + " AES AES256 SHA SHA1 TLSv1 SSLv3")},
		{tls.TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA, "ECDHE-RSA-AES256-SHA", strings.Fields(rsa + " AES AES256 SHA SHA1 TLSv1 SSLv3")},
		{tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA, "ECDHE-ECDSA-AES128-SHA", strings.Fields(ecdsa + " AES AES128 SHA SHA1 TLSv1 SSLv3")},
		{tls.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA, "ECDHE-RSA-AES128-SHA", strings.Fields(rsa + " AES AES128 SHA SHA1 TLSv1 SSLv3")},
	}
	for i := range list {
		list[i].words = append(list[i].words, list[i].name, "ALL", "DEFAULT", "HIGH")
	}
	return list
}

// matches reports whether all parts of a word such as ECDHE+AESGCM select the suite.
func (s cipherSuite) matches(word string) bool {
	for part := range strings.SplitSeq(word, "+") {
		if !slices.Contains(s.words, part) {
			return false
		}
	}
	return true
}

// Ciphers parses an OpenSSL cipher list ("ECDHE+AESGCM:!SHA1"): names of suites and words for
// groups of suites, which "!" excludes permanently and "-" removes. Names of ciphers that
// crypto/tls does not have select nothing. As with OpenSSL, a list that selects no suite is an
// error. For an empty list Ciphers returns nil, which means all suites.
func Ciphers(list string) ([]uint16, error) {
	if strings.TrimSpace(list) == "" {
		return nil, nil
	}
	all := cipherSuites()
	var out []uint16
	banned := map[uint16]bool{}
	for word := range strings.FieldsFuncSeq(list, func(r rune) bool { return strings.ContainsRune(":, ;", r) }) {
		how := word[0]
		if strings.ContainsRune("!-+", rune(how)) {
			word = word[1:]
		}
		if how == '+' || strings.HasPrefix(word, "@") { // words for the order, which crypto/tls determines itself
			continue
		}
		for _, s := range all {
			switch {
			case !s.matches(word):
			case how == '!' || how == '-':
				banned[s.id] = banned[s.id] || how == '!'
				out = slices.DeleteFunc(out, func(id uint16) bool { return id == s.id })
			case !banned[s.id] && !slices.Contains(out, s.id):
				out = append(out, s.id)
			}
		}
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("no cipher can be selected by %q", list)
	}
	return out, nil
}
