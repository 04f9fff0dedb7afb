package startup

import (
	"context"

	"github.com/rs/zerolog"

	"github.com/nova-go/nova/config"
	"github.com/nova-go/nova/internal/log"
	"github.com/nova-go/nova/internal/reqctx"
)

// logsStatements is the lowest connection_debug with which SQLAlchemy logs statements.
const logsStatements = 50

// statementLog returns the function that logs statements as SQLAlchemy does; nil unless connection_debug asks for it. oslo.db
// sets the level of SQLAlchemy's logger, so that default_log_levels does not matter.
func statementLog(o config.Database, l zerolog.Logger) func(context.Context, string) {
	if o.ConnectionDebug < logsStatements {
		return nil
	}
	l = log.NamedAt(l, "sqlalchemy.engine.Engine", zerolog.InfoLevel)
	return func(ctx context.Context, statement string) {
		if statement == "BEGIN" {
			statement = "BEGIN (implicit)"
		}
		l := log.ForRequest(l, "", "", reqctx.From(ctx))
		l.Info().Msg(statement)
	}
}
