// Package deployments holds tests that start nova-api and nova-metadata as nine deployment projects start Nova's services: from
// files in the form that the project writes, with its command, as its user, with its paths. testdata/NAME/root has the files of a
// deployment under their absolute paths, as templates. The tests need root and a lab (docs/testing.md).
package deployments
