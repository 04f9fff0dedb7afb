package rpc

import (
	"bytes"
	"compress/bzip2"
	"compress/zlib"
	"fmt"
	"io"

	amqp "github.com/rabbitmq/amqp091-go"
)

// Names of kombu's compressions in the header "compression". The compression that kombu calls
// gzip has the format of zlib.
const (
	gzipHeader = "application/x-gzip"
	bz2Header  = "application/x-bz2"
)

// maxDecompressedReply is the maximum size of a decompressed reply, in bytes.
const maxDecompressedReply = 512 << 20

// compress compresses body as kombu_compression says. Only "gzip" and "" are supported, because
// Go's standard library cannot write bz2.
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
	return io.ReadAll(io.LimitReader(r, maxDecompressedReply))
}
