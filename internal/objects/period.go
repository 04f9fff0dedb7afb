package objects

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// LastPeriod returns the last audit period that ended before a time. unit is "hour", "day", "month" or "year", optionally
// with "@" and the minute, hour, day or month at which periods begin. It fails if the calendar does not have such a day.
func LastPeriod(unit string, before time.Time) (begin, end time.Time, err error) {
	unit, at, _ := strings.Cut(unit, "@")
	offset, _ := strconv.Atoi(at)
	year, month, date := before.Date()
	ago := func(n int) time.Time { // the start of the period that is n periods before the current one
		switch unit {
		case "month":
			return time.Date(year, month-time.Month(n), max(offset, 1), 0, 0, 0, 0, time.UTC)
		case "year":
			return time.Date(year-n, time.Month(max(offset, 1)), 1, 0, 0, 0, 0, time.UTC)
		case "day":
			return time.Date(year, month, date-n, offset, 0, 0, 0, time.UTC)
		}
		return time.Date(year, month, date, before.Hour()-n, offset, 0, 0, time.UTC)
	}
	n := 0
	if !ago(0).Before(before) {
		n = 1
	}
	for _, t := range []time.Time{ago(0), ago(n), ago(n + 1)} {
		has := map[string]int{"month": t.Day(), "year": int(t.Month()), "day": t.Hour()}
		if part, ok := has[unit]; !ok && t.Minute() != offset || ok && offset != 0 && part != offset {
			return begin, end, fmt.Errorf("instance_usage_audit_period: no %s has %d", unit, offset)
		}
	}
	return ago(n + 1), ago(n), nil
}
