// Kitex as it comes: framed Binary or TTHeader, sniffed, its generated fast codec, its default
// middleware. `kitex-server PORT`
package main

import (
	"context"
	"fmt"
	"net"
	"os"

	"github.com/cloudwego/kitex/pkg/klog"
	"github.com/cloudwego/kitex/server"
	"holdfast.bench/kitex/kitex_gen/echo"
	service "holdfast.bench/kitex/kitex_gen/echo/echo"
)

const itemText = "item-text-of-thirty-two-letters."

type handler struct{}

func (handler) Echo(_ context.Context, request *echo.EchoRequest) (*echo.EchoReply, error) {
	return &echo.EchoReply{
		Id:          request.Id,
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
	klog.SetLevel(klog.LevelError)
	address, err := net.ResolveTCPAddr("tcp", "127.0.0.1:"+os.Args[1])
	if err != nil {
		panic(err)
	}
	instance := service.NewServer(&handler{}, server.WithServiceAddr(address))
	server.RegisterStartHook(func() { fmt.Println("ready") })
	if err := instance.Run(); err != nil {
		panic(err)
	}
}
