// Package rpc is a client of oslo.messaging: calls, casts and fanouts to nova-conductor,
// nova-scheduler and nova-compute, and notifications. It uses AMQP 0-9-1, or memory for fake://
// URLs.
//
// A [Pool] has one [Client] per transport URL, because each cell may have its own broker. A
// client has one connection and one reply queue, which all requests share. It connects with the
// first message, and connects again when the connection is lost, to the brokers of the URL in
// turn.
//
// The package restores lost connections itself, because the AMQP library knows only one
// broker, gives up after some attempts, and cannot end a waiting call at the deadline of its
// context.
package rpc
