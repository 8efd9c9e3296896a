// Kitex's multiplexing client under a closed loop: CONNECTIONS mux connections (TTHeader), and
// CONNECTIONS x IN_FLIGHT goroutines that each make one call at a time. Prints what load/load.c
// prints. `kitex-client PORT CONNECTIONS IN_FLIGHT SECONDS WARMUP_SECONDS`
package main

import (
	"context"
	"encoding/json"
	"os"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/cloudwego/kitex/client"
	"github.com/cloudwego/kitex/pkg/klog"
	"holdfast.bench/kitex/kitex_gen/echo"
	service "holdfast.bench/kitex/kitex_gen/echo/echo"
)

const (
	text   = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_"
	timeMs = 1763760000000
	// One call in so many is timed, as in run/closed-loop.ts.
	latencyEvery = 16
)

const (
	warming = iota
	measuring
	over
)

type worker struct {
	calls, errors uint64
	latenciesUs   []float64
}

func (w *worker) run(echoClient service.Client, phase *atomic.Int32, id int64) {
	for count := 0; ; count++ {
		var start time.Time
		timed := count%latencyEvery == 0
		if timed {
			start = time.Now()
		}
		request := &echo.EchoRequest{Id: id, TimestampMs: timeMs, Kind: 3, Text: text}
		reply, err := echoClient.Echo(context.Background(), request)
		if err != nil || len(reply.Text) != len(text) {
			w.errors++
		}
		switch phase.Load() {
		case measuring:
			w.calls++
			if timed {
				w.latenciesUs = append(w.latenciesUs, float64(time.Since(start).Nanoseconds())/1e3)
			}
		case over:
			return
		}
	}
}

func cpuSeconds() float64 {
	var usage syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &usage)
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano()).Seconds()
}

func argument(index int) float64 {
	value, err := strconv.ParseFloat(os.Args[index], 64)
	if err != nil {
		panic(err)
	}
	return value
}

func main() {
	klog.SetLevel(klog.LevelFatal)
	connections, inFlight := int(argument(2)), int(argument(3))
	window, warmup := argument(4), argument(5)
	echoClient := service.MustNewClient("echo",
		client.WithHostPorts("127.0.0.1:"+os.Args[1]), client.WithMuxConnection(connections))

	var phase atomic.Int32
	var done sync.WaitGroup
	workers := make([]worker, connections*inFlight)
	for index := range workers {
		done.Add(1)
		go func() {
			defer done.Done()
			workers[index].run(echoClient, &phase, int64(index))
		}()
	}
	time.Sleep(time.Duration(warmup * float64(time.Second)))
	cpu, start := cpuSeconds(), time.Now()
	phase.Store(measuring)
	time.Sleep(time.Duration(window * float64(time.Second)))
	phase.Store(over)
	seconds := time.Since(start).Seconds()
	cpu = cpuSeconds() - cpu
	done.Wait()

	var all worker
	for index := range workers {
		all.calls += workers[index].calls
		all.errors += workers[index].errors
		all.latenciesUs = append(all.latenciesUs, workers[index].latenciesUs...)
	}
	slices.Sort(all.latenciesUs)
	at := func(quantile float64) float64 {
		if len(all.latenciesUs) == 0 {
			return 0
		}
		return all.latenciesUs[int(float64(len(all.latenciesUs))*quantile)]
	}
	_ = json.NewEncoder(os.Stdout).Encode(map[string]any{
		"calls": all.calls, "seconds": seconds, "rps": float64(all.calls) / seconds,
		"p50Us": at(0.5), "p99Us": at(0.99), "p999Us": at(0.999),
		"errors": all.errors, "clientCpuSeconds": cpu,
	})
}
