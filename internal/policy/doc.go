// Package policy evaluates policies: oslo.policy's language and files, and Nova's 214 rules
// with their defaults.
//
// Rules are parsed into trees when the files are read, and a decision evaluates only a tree.
// One pointer refers to all trees, so that a reload does not block requests.
//
// It imports only internal/reqctx of this module.
package policy
