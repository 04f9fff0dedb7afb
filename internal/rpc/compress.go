package rpc

import (
	"bytes"
	"compress/bzip2"
	"compress/zlib"
	"fmt"
	"io"

	amqp "github.com/rabbitmq/amqp091-go"
)

// Names of kombu's compressions in the header "compression". What it calls gzip
// is zlib.
const (
	gzipHeader = "application/x-gzip"
	bz2Header  = "application/x-bz2"
)

// maxReply bounds what a compressed reply may grow to.
const maxReply = 512 << 20

// compress applies kombu_compression. bz2 can only be read here.
func compress(how string, body []byte) ([]byte, error) {
	switch how {
	case "":
		return body, nil
	case "gzip":
		var b bytes.Buffer
		w := zlib.NewWriter(&b)
		if _, err := w.Write(body); err != nil {
			return nil, err
		}
		if err := w.Close(); err != nil {
			return nil, err
		}
		return b.Bytes(), nil
	}
	return nil, fmt.Errorf("[oslo_messaging_rabbit] kombu_compression: %s is not supported: gzip, or none", how)
}

func decompress(headers amqp.Table, body []byte) ([]byte, error) {
	how, _ := headers["compression"].(string)
	var r io.Reader
	switch how {
	case "":
		return body, nil
	case gzipHeader:
		z, err := zlib.NewReader(bytes.NewReader(body))
		if err != nil {
			return nil, err
		}
		r = z
	case bz2Header:
		r = bzip2.NewReader(bytes.NewReader(body))
	default:
		return nil, fmt.Errorf("rpc: compression %s is not supported", how)
	}
	return io.ReadAll(io.LimitReader(r, maxReply))
}
