// Apache Thrift for Go, as a client of ours and as a server for ours.
//
//	go-peer server SERVICE TRANSPORT PROTOCOL
//	    prints "ready PORT", and "oneway N" for each call of testOneway; ends with its stdin.
//	go-peer client SERVICE TRANSPORT PROTOCOL PORT
//	    prints "ok NAME" or "failed NAME: why" for each check.
//
// SERVICE is test or second, TRANSPORT framed or buffered, PROTOCOL binary or compact.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"time"

	"github.com/apache/thrift/lib/go/thrift"
	"holdfast.interop/peer/gen/thrifttest"
)

var configuration = &thrift.TConfiguration{SocketTimeout: 30 * time.Second}

func transports(name string) thrift.TTransportFactory {
	if name == "framed" {
		return thrift.NewTFramedTransportFactoryConf(thrift.NewTTransportFactory(), configuration)
	}
	return thrift.NewTBufferedTransportFactory(4096)
}

func protocols(name string) thrift.TProtocolFactory {
	if name == "compact" {
		return thrift.NewTCompactProtocolFactoryConf(configuration)
	}
	return thrift.NewTBinaryProtocolFactoryConf(configuration)
}

// Nothing comes with a call but its arguments.
func describeCall(context.Context) string { return "" }

func applicationExceptionType(err error) (int32, bool) {
	var exception thrift.TApplicationException
	if !errors.As(err, &exception) {
		return 0, false
	}
	return exception.TypeId(), true
}

func serve(service, transport, protocol string) error {
	listener, err := thrift.NewTServerSocket("127.0.0.1:0")
	if err != nil {
		return err
	}
	if err := listener.Listen(); err != nil {
		return err
	}
	var processor thrift.TProcessor = thrifttest.NewThriftTestProcessor(testHandler{})
	if service == "second" {
		processor = thrifttest.NewSecondServiceProcessor(secondHandler{})
	}
	server := thrift.NewTSimpleServer4(
		processor, listener, transports(transport), protocols(protocol))
	fmt.Printf("ready %d\n", listener.Addr().(*net.TCPAddr).Port)
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	return server.Serve()
}

func call(service, transport, protocol, port string) error {
	socket := thrift.NewTSocketConf("127.0.0.1:"+port, configuration)
	over, err := transports(transport).GetTransport(socket)
	if err != nil {
		return err
	}
	if err := over.Open(); err != nil {
		return err
	}
	speak := protocols(protocol)
	client := thrift.NewTStandardClient(speak.GetProtocol(over), speak.GetProtocol(over))
	second := thrifttest.NewSecondServiceClient(client)
	if service == "second" {
		runChecks(checksOfSecond(second))
	} else {
		runChecks(checksOfTest(thrifttest.NewThriftTestClient(client), second))
	}
	return over.Close()
}

func main() {
	words := os.Args[1:]
	var err error
	if words[0] == "server" {
		err = serve(words[1], words[2], words[3])
	} else {
		err = call(words[1], words[2], words[3], words[4])
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
