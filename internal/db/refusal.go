package db

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"strings"

	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5/pgconn"
)

// Refusal describes, as the end of a sentence about a database, why a server that answers cannot be
// used: the login, the database or TLS. ok is false for other errors.
func Refusal(err error) (why string, ok bool) {
	var my *mysql.MySQLError
	var pg *pgconn.PgError
	switch {
	case errors.Is(err, mysql.ErrNoTLS), err != nil && strings.Contains(err.Error(), "server refused TLS connection"):
		return "has no TLS, which the URL asks for", true
	case certificateReason(err) != "":
		return "has a certificate that cannot be verified: " + certificateReason(err), true
	case errors.As(err, &my):
		switch my.Number {
		case 1045, 1130, 1698, 3118, 4151: // password, host, plugin, locked accounts
			return "refuses the login: " + my.Message, true
		case 3159: // require_secure_transport
			return "refuses the connection without TLS: " + my.Message, true
		case 1044, 1049:
			return "refuses the database: " + my.Message, true
		}
	case errors.As(err, &pg):
		switch {
		case strings.HasPrefix(pg.Code, "28"):
			return "refuses the login: " + pg.Message, true
		case pg.Code == "3D000":
			return "refuses the database: " + pg.Message, true
		}
	}
	return "", false
}

// certificateReason returns the text of the error about a certificate in err, or "".
func certificateReason(err error) string {
	if e, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		return e.Error()
	}
	if e, ok := errors.AsType[x509.HostnameError](err); ok {
		return e.Error()
	}
	if e, ok := errors.AsType[x509.CertificateInvalidError](err); ok {
		return e.Error()
	}
	if e, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return e.Error()
	}
	return ""
}
