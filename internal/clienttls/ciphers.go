package clienttls

import (
	"crypto/tls"
	"fmt"
	"slices"
	"strings"
)

// suite is a cipher suite of crypto/tls under OpenSSL's name for it, and the words
// of cipher lists that it falls under.
type suite struct {
	id    uint16
	name  string
	words []string
}

// suites are those of TLS 1.2 that crypto/tls holds secure, strongest first. Nobody
// chooses among those of TLS 1.3, as with OpenSSL's cipher lists.
func suites() []suite {
	const (
		ecdhe = "ECDHE EECDH kECDHE kEECDH"
		rsa   = ecdhe + " aRSA"
		ecdsa = ecdhe + " aECDSA ECDSA"
	)
	list := []suite{
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

// is tells whether the suite falls under all parts of a word such as ECDHE+AESGCM.
func (s suite) is(word string) bool {
	for part := range strings.SplitSeq(word, "+") {
		if !slices.Contains(s.words, part) {
			return false
		}
	}
	return true
}

// Ciphers reads an OpenSSL cipher list ("ECDHE+AESGCM:!SHA1"): names of suites and
// words for groups of them, of which "!" bans and "-" removes; what names ciphers
// that crypto/tls does not have chooses nothing. As with OpenSSL, it is an error if
// none is left; nil, for an empty list, means all.
func Ciphers(list string) ([]uint16, error) {
	if strings.TrimSpace(list) == "" {
		return nil, nil
	}
	all := suites()
	var out []uint16
	banned := map[uint16]bool{}
	for word := range strings.FieldsFuncSeq(list, func(r rune) bool { return strings.ContainsRune(":, ;", r) }) {
		how := word[0]
		if strings.ContainsRune("!-+", rune(how)) {
			word = word[1:]
		}
		if how == '+' || strings.HasPrefix(word, "@") { // an order, which crypto/tls has its own of
			continue
		}
		for _, s := range all {
			switch {
			case !s.is(word):
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
