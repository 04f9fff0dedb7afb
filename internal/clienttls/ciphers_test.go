package clienttls_test

import (
	"crypto/tls"
	"slices"
	"strings"
	"testing"

	"github.com/nova-go/nova/internal/clienttls"
)

func TestCiphers(t *testing.T) {
	for list, want := range map[string]string{
		"ECDHE-RSA-AES128-GCM-SHA256":                  "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
		"ECDHE+AESGCM:!aECDSA":                         "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384 TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
		"HIGH:!SHA:!ECDSA:!AESGCM:!aNULL:@STRENGTH":    "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
		"!AES128,aRSA+AES128 aRSA+AES+SHA":             "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA",
		"ALL:-ALL:ECDHE-ECDSA-AES128-SHA:DES-CBC-X":    "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA",
		"DES-CBC3-SHA":                                 "",
		"ALL:!ALL:ECDHE-RSA-AES128-GCM-SHA256":         "",
		"ECDHE-RSA-AES128-GCM-SHA256:+ECDHE:!CAMELLIA": "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
	} {
		ids, err := clienttls.Ciphers(list)
		var names []string
		for _, id := range ids {
			names = append(names, tls.CipherSuiteName(id))
		}
		if got := strings.Join(names, " "); got != want || (err != nil) != (want == "") {
			t.Errorf("%s: %s, %v", list, got, err)
		}
	}
	if ids, err := clienttls.Ciphers(""); ids != nil || err != nil {
		t.Errorf("no list: %v, %v", ids, err)
	}
	ids, err := clienttls.Ciphers("ALL")
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range tls.CipherSuites() {
		if slices.Contains(s.SupportedVersions, tls.VersionTLS12) && !slices.Contains(ids, s.ID) {
			t.Errorf("%s is in no list", s.Name)
		}
	}
}
