package db

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/uptrace/bun"

	"github.com/nova-go/nova/internal/osprofiler"
)

// observeStatements adds the hooks that the options ask for.
func (d *DB) observeStatements(o Options) {
	if o.Profiled {
		d.DB = d.WithQueryHook(statementTracer{})
	}
	if o.Statement != nil {
		d.DB = d.WithQueryHook(statementTeller(o.Statement))
	}
}

// statementTracer makes statements steps of osprofiler's traces, as its listener for SQLAlchemy does.
type statementTracer struct{}

type statementKey struct{}

// BeforeQuery implements bun.QueryHook. Transactions are no steps, as in Python.
func (statementTracer) BeforeQuery(ctx context.Context, e *bun.QueryEvent) context.Context {
	if _, traced := osprofiler.Current(ctx); !traced || endsOrBegins(e.Query) {
		return ctx
	}
	// The values are part of the statement.
	ctx, stop := osprofiler.Start(ctx, "db", map[string]any{"db": map[string]any{"statement": e.Query, "params": []any{}}})
	return context.WithValue(ctx, statementKey{}, stop)
}

// AfterQuery implements bun.QueryHook.
func (statementTracer) AfterQuery(ctx context.Context, e *bun.QueryEvent) {
	stop, _ := ctx.Value(statementKey{}).(func(map[string]any))
	if stop == nil || endsOrBegins(e.Query) {
		return
	}
	if e.Err == nil || errors.Is(e.Err, sql.ErrNoRows) {
		stop(nil)
		return
	}
	text := e.Err.Error()
	stop(map[string]any{"etype": fmt.Sprintf("%T", e.Err), "message": text,
		"db": map[string]any{"original_exception": text, "chained_exception": ""}})
}

func endsOrBegins(statement string) bool {
	return statement == "BEGIN" || statement == "COMMIT" || statement == "ROLLBACK"
}

// statementTeller calls a function with each statement.
type statementTeller func(context.Context, string)

// BeforeQuery implements bun.QueryHook.
func (t statementTeller) BeforeQuery(ctx context.Context, e *bun.QueryEvent) context.Context {
	t(ctx, e.Query)
	return ctx
}

// AfterQuery implements bun.QueryHook.
func (statementTeller) AfterQuery(context.Context, *bun.QueryEvent) {}
