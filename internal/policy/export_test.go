package policy

// Canonical is a rule in oslo.policy's spelling: all parentheses written, what
// cannot be understood as "!". Two rules with the same form are the same rule.
func Canonical(text string) string {
	p := &parser{remote: &remote{}, log: func(string) {}}
	return p.rule(text).String()
}
