package rpc

import (
	"math"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/nova-go/nova/config"
)

// exchange is one as oslo.messaging declares it. Both sides declare it, and the
// broker refuses whoever says something else.
type exchange struct {
	name, kind          string
	durable, autoDelete bool
}

// exchangeFor is where a message is published.
func exchangeFor(r config.OsloMessagingRabbit, t Target, kind Kind) exchange {
	if kind == KindFanout {
		return exchange{name: t.Topic + "_fanout", kind: "fanout", durable: r.RabbitTransientQuorumQueue, autoDelete: true}
	}
	return exchange{name: t.Exchange, kind: "topic", durable: durable(r), autoDelete: r.AMQPAutoDelete}
}

// durable says it of topics' exchanges and queues: quorum queues always are.
func durable(r config.OsloMessagingRabbit) bool { return r.AMQPDurableQueues || r.RabbitQuorumQueue }

// queue is one as oslo.messaging declares it.
type queue struct {
	name                string
	durable, autoDelete bool
	args                amqp.Table
}

// topicQueue is that of a topic, which notifications declare before they publish
// to it, so that they wait for a reader to come.
func topicQueue(r config.OsloMessagingRabbit, name string) queue {
	return queue{name: name, durable: durable(r), autoDelete: r.AMQPAutoDelete, args: queueArgs(r, 0, r.RabbitQuorumQueue)}
}

// replyQueue is where a client's replies arrive.
func replyQueue(r config.OsloMessagingRabbit, name string) queue {
	return queue{name: name, durable: r.RabbitTransientQuorumQueue,
		args: queueArgs(r, r.RabbitTransientQueuesTTL, r.RabbitTransientQuorumQueue)}
}

func queueArgs(r config.OsloMessagingRabbit, ttl int, quorum bool) amqp.Table {
	args := amqp.Table{}
	if r.RabbitHAQueues {
		args["x-ha-policy"] = "all"
	}
	if quorum {
		args["x-queue-type"] = "quorum"
		for name, n := range map[string]int{
			"x-delivery-limit":       r.RabbitQuorumDeliveryLimit,
			"x-max-in-memory-length": r.RabbitQuorumMaxMemoryLength,
			"x-max-in-memory-bytes":  r.RabbitQuorumMaxMemoryBytes,
		} {
			if n != 0 {
				args[name] = number(n)
			}
		}
	}
	if ttl > 0 {
		args["x-expires"] = number(ttl * 1000)
	}
	return args
}

// number has the type that Python's library gives it, for the broker compares
// types, too.
func number(n int) any {
	if n >= math.MinInt32 && n <= math.MaxInt32 {
		return int32(n)
	}
	return int64(n)
}

func consumeArgs(r config.OsloMessagingRabbit) amqp.Table {
	if r.EnableCancelOnFailover {
		return amqp.Table{"x-cancel-on-ha-failover": true}
	}
	return nil
}
