package db

import (
	"errors"
	"strings"

	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/nova-go/nova/internal/clienttls"
)

// Refusal describes, as the end of a sentence about a database, why a server that answers cannot be
// used: the login, the database or TLS. ok is false for other errors.
func Refusal(err error) (why string, ok bool) {
	var my *mysql.MySQLError
	var pg *pgconn.PgError
	switch {
	case errors.Is(err, mysql.ErrNoTLS), err != nil && strings.Contains(err.Error(), "server refused TLS connection"):
		return "has no TLS, which the URL asks for", true
	case clienttls.CertificateReason(err) != "":
		return "has a certificate that cannot be verified: " + clienttls.CertificateReason(err), true
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
