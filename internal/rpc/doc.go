// Package rpc speaks oslo.messaging: calls, casts and fanout to real
// nova-conductor, nova-scheduler and nova-compute, and notifications, over AMQP
// 0-9-1 or, for fake://, in memory.
//
// A [Pool] has a [Client] per transport URL, for each cell may have a broker of
// its own. A client keeps one connection, which all requests share, and one
// queue for replies; it connects when it is first used, and again by itself
// whenever the connection is lost, going round the brokers of the URL.
//
// The connection is recovered here, not by the AMQP library: that knows one
// broker, gives up after some tries, and cannot let a caller go at its own
// deadline.
package rpc
