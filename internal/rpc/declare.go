package rpc

import (
	"math"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/nova-go/nova/config"
)

// exchange has the properties with which oslo.messaging declares an exchange. All services
// declare it, and RabbitMQ refuses a declaration with other properties (PRECONDITION_FAILED).
type exchange struct {
	name, kind          string
	durable, autoDelete bool
}

// exchangeFor returns the exchange to which a message is published.
func exchangeFor(r config.OsloMessagingRabbit, t Target, kind Kind) exchange {
	if kind == KindFanout {
		return exchange{name: t.Topic + "_fanout", kind: "fanout", durable: r.RabbitTransientQuorumQueue, autoDelete: true}
	}
	return exchange{name: t.Exchange, kind: "topic", durable: topicDurable(r), autoDelete: r.AMQPAutoDelete}
}

// topicDurable tells whether the exchanges and queues of topics are durable. Quorum queues always
// are.
func topicDurable(r config.OsloMessagingRabbit) bool {
	return r.AMQPDurableQueues || r.RabbitQuorumQueue
}

// queue has the properties with which oslo.messaging declares a queue.
type queue struct {
	name                string
	durable, autoDelete bool
	args                amqp.Table
}

// topicQueue returns the queue of a topic. Notifications declare it before they are published, so
// that the broker keeps them until a consumer comes.
func topicQueue(r config.OsloMessagingRabbit, name string) queue {
	return queue{name: name, durable: topicDurable(r), autoDelete: r.AMQPAutoDelete, args: queueArgs(r, 0, r.RabbitQuorumQueue)}
}

// replyQueue returns the queue that receives the replies to a client's calls.
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
				args[name] = amqpInteger(n)
			}
		}
	}
	if ttl > 0 {
		args["x-expires"] = amqpInteger(ttl * 1000)
	}
	return args
}

// amqpInteger converts n to the AMQP type that Python's amqp library chooses. RabbitMQ compares
// the types of arguments, too, when a queue is declared again.
func amqpInteger(n int) any {
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
