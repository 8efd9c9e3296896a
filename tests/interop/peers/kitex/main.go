// Kitex, as a client of ours and as a server for ours.
//
//	kitex-peer server SERVICE TRANSPORT binary
//	    prints "ready PORT", and "oneway N" for each call of testOneway; ends with its stdin.
//	kitex-peer client SERVICE TRANSPORT binary PORT
//	    prints "ok NAME" or "failed NAME: why" for each check.
//	kitex-peer loop test TRANSPORT binary PORT
//	    calls all the time, says "calling" after the first call, and ends with its stdin: "ok
//	    COUNT", or "failed" and why.
//
// SERVICE is test or second. TRANSPORT of a client is buffered, framed, ttheader, ttheader-framed,
// ttheader-unlimited (without a time-out) or mux; a server finds out what is spoken, and takes mux
// as its way to serve.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cloudwego/kitex/client"
	"github.com/cloudwego/kitex/pkg/klog"
	"github.com/cloudwego/kitex/pkg/remote"
	keys "github.com/cloudwego/kitex/pkg/remote/transmeta"
	"github.com/cloudwego/kitex/pkg/rpcinfo"
	"github.com/cloudwego/kitex/pkg/transmeta"
	"github.com/cloudwego/kitex/server"
	"github.com/cloudwego/kitex/transport"
	"holdfast.interop/peer/gen/thrifttest/secondservice"
	"holdfast.interop/peer/gen/thrifttest/thrifttest"
)

const (
	name    = "kitex-peer"
	logID   = "log-id-of-kitex"
	timeout = 30 * time.Second
	loopers = 8
)

type logIDKey struct{}

// Kitex has a place for the log id in its header, and leaves it to its users to write and read it.
var writeLogID = remote.NewCustomMetaHandler(remote.WithWriteMeta(
	func(ctx context.Context, message remote.Message) (context.Context, error) {
		message.TransInfo().PutTransIntInfo(map[uint16]string{keys.LogID: logID})
		return ctx, nil
	}))

var readLogID = remote.NewCustomMetaHandler(remote.WithReadMeta(
	func(ctx context.Context, message remote.Message) (context.Context, error) {
		return context.WithValue(ctx, logIDKey{}, message.TransInfo().TransIntInfo()[keys.LogID]), nil
	}))

// What came with a call, as JSON.
func describeCall(ctx context.Context) string {
	info := rpcinfo.GetRPCInfo(ctx)
	deadline, has := ctx.Deadline()
	described, _ := json.Marshal(map[string]any{
		"logId":       ctx.Value(logIDKey{}),
		"caller":      info.From().ServiceName(),
		"timeoutMs":   info.Config().RPCTimeout().Milliseconds(),
		"hasDeadline": has,
		"remainingMs": time.Until(deadline).Milliseconds(),
	})
	return string(described)
}

func applicationExceptionType(err error) (int32, bool) {
	var exception interface{ TypeID() int32 }
	if !errors.As(err, &exception) {
		return 0, false
	}
	return exception.TypeID(), true
}

func serve(service, transportName string) error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	options := []server.Option{
		server.WithListener(listener),
		server.WithMetaHandler(transmeta.ServerTTHeaderHandler),
		server.WithMetaHandler(readLogID),
		server.WithEnableContextTimeout(true),
	}
	if transportName == "mux" {
		options = append(options, server.WithMuxTransport())
	}
	var instance server.Server
	if service == "second" {
		instance = secondservice.NewServer(&secondHandler{}, options...)
	} else {
		instance = thrifttest.NewServer(&testHandler{}, options...)
	}
	server.RegisterStartHook(func() {
		fmt.Printf("ready %d\n", listener.Addr().(*net.TCPAddr).Port)
	})
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	return instance.Run()
}

var transports = map[string][]client.Option{
	"buffered":        {client.WithTransportProtocol(transport.PurePayload)},
	"framed":          {client.WithTransportProtocol(transport.Framed)},
	"ttheader":        {client.WithTransportProtocol(transport.TTHeader)},
	"ttheader-framed": {client.WithTransportProtocol(transport.TTHeaderFramed)},
	"mux":             {client.WithMuxConnection(1)},
	// 0 is Kitex's word for no limit, and is what then stands in the header.
	"ttheader-unlimited": {
		client.WithTransportProtocol(transport.TTHeader), client.WithRPCTimeout(0),
	},
}

func clientOptions(transportName, port string) []client.Option {
	return append([]client.Option{
		client.WithHostPorts("127.0.0.1:" + port),
		client.WithClientBasicInfo(&rpcinfo.EndpointBasicInfo{ServiceName: name}),
		client.WithRPCTimeout(timeout),
		client.WithMetaHandler(transmeta.ClientTTHeaderHandler),
		client.WithMetaHandler(writeLogID),
	}, transports[transportName]...)
}

func call(service, transportName, port string) error {
	options := clientOptions(transportName, port)
	second, err := secondservice.NewClient("second", options...)
	if err != nil {
		return err
	}
	if service == "second" {
		runChecks(checksOfSecond(second))
		return nil
	}
	test, err := thrifttest.NewClient("test", options...)
	if err != nil {
		return err
	}
	runChecks(checksOfTest(test, second))
	return nil
}

func loop(transportName, port string) error {
	test, err := thrifttest.NewClient("test", clientOptions(transportName, port)...)
	if err != nil {
		return err
	}
	ended := make(chan struct{})
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		close(ended)
	}()
	var count atomic.Int32
	var failed atomic.Pointer[error]
	var done sync.WaitGroup
	for range loopers {
		done.Add(1)
		go func() {
			defer done.Done()
			for {
				wanted := count.Add(1)
				if _, err := test.TestI32(context.Background(), wanted); err != nil {
					failed.CompareAndSwap(nil, &err)
				}
				if wanted == 1 {
					fmt.Println("calling")
				}
				select {
				case <-ended:
					return
				case <-time.After(time.Millisecond):
				}
			}
		}()
	}
	done.Wait()
	if err := failed.Load(); err != nil {
		fmt.Printf("failed one of %d: %v\n", count.Load(), *err)
	} else {
		fmt.Printf("ok %d\n", count.Load())
	}
	return nil
}

func main() {
	// What a handler throws is said on the wire too, and is part of the test.
	klog.SetLevel(klog.LevelFatal)
	words := os.Args[1:]
	var err error
	switch words[0] {
	case "server":
		err = serve(words[1], words[2])
	case "client":
		err = call(words[1], words[2], words[4])
	case "loop":
		err = loop(words[2], words[4])
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
