// Package rest holds the sessions in which Nova talks to its services:
// Keystone, Glance, Neutron, Cinder and Placement.
//
// A [Session] is made from the options of one group of nova.conf, as
// keystoneauth reads them. It logs in when it is first used, keeps the token
// until shortly before it expires, and gives gophercloud service clients, either
// for Nova's own user ([Session.AsService]) or on behalf of a caller
// ([Session.AsUser]). The services' packages stand beside it, one per service.
//
// It imports config and, of internal/, reqctx.
package rest
