package objects

// OrZero returns the value of a column, or its zero value for NULL.
func OrZero[T any](v *T) T {
	if v == nil {
		var zero T
		return zero
	}
	return *v
}
