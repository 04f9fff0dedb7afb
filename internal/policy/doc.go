// Package policy decides who may do what: oslo.policy's language and files, and
// Nova's 214 rules with their defaults.
//
// Rules are parsed into trees when the files are read; a decision walks a tree
// and looks at nothing else. The trees stand behind one pointer, so that a
// reload never stops a request.
//
// It imports internal/reqctx, nothing else of this project.
package policy
