// Apache's Go thrift: framed Binary, a goroutine per connection. `go-server PORT`
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/apache/thrift/lib/go/thrift"
	"holdfast.bench/go-thrift/gen/echo"
)

const itemText = "item-text-of-thirty-two-letters."

type handler struct{}

func (handler) Echo(_ context.Context, request *echo.EchoRequest) (*echo.EchoReply, error) {
	return &echo.EchoReply{
		ID:          request.ID,
		TimestampMs: request.TimestampMs,
		Kind:        request.Kind,
		Text:        request.Text,
	}, nil
}

func (handler) GetItems(_ context.Context, request *echo.GetRequest) ([]*echo.Item, error) {
	items := make([]*echo.Item, request.Limit)
	for n := range items {
		items[n] = &echo.Item{
			ItemId:      request.UserId + int64(n),
			TimestampMs: request.ToMs - int64(n),
			Kind:        int32(n),
			Text:        itemText,
		}
	}
	return items, nil
}

func (handler) SetItems(_ context.Context, request *echo.SetRequest) (int32, error) {
	return int32(len(request.Items)), nil
}

func main() {
	listener, err := thrift.NewTServerSocket("127.0.0.1:" + os.Args[1])
	if err == nil {
		err = listener.Listen()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	configuration := &thrift.TConfiguration{}
	server := thrift.NewTSimpleServer4(
		echo.NewEchoProcessor(handler{}),
		listener,
		thrift.NewTFramedTransportFactoryConf(thrift.NewTTransportFactory(), configuration),
		thrift.NewTBinaryProtocolFactoryConf(configuration),
	)
	fmt.Println("ready")
	fmt.Fprintln(os.Stderr, server.Serve())
}
