// Package rest has the HTTP sessions with other services: Keystone, Glance, Neutron, Cinder and
// Placement.
//
// A [Session] is built from the options of one group of nova.conf, as keystoneauth reads them.
// It logs in at its first use, keeps the token until shortly before its expiry, and returns
// gophercloud service clients, either for Nova's own user ([Session.AsService]) or on behalf of
// a caller ([Session.AsUser]). Its subdirectories contain one package per service.
//
// It imports config and, of internal/, reqctx.
package rest
