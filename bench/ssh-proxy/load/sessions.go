package main

import (
	"flag"
	"log"
	"net"
	"sync"
	"time"

	"golang.org/x/crypto/ssh"
)

type sessionsResult struct {
	Sessions   int     `json:"sessions"`
	Seconds    float64 `json:"seconds"`
	CPUSeconds float64 `json:"cpuSeconds"`
	P50Ms      float64 `json:"p50Ms"`
	P99Ms      float64 `json:"p99Ms"`
	Errors     int     `json:"errors"`
	FirstError string  `json:"firstError"`
}

// loop is a closed loop: each of some workers begins a session when its last one has ended.
type loop struct {
	target        *target
	command       string
	perConnection int

	mutex      sync.Mutex
	left       int // sessions that may still be begun; below 0: any number
	until      time.Time
	took       []time.Duration
	errors     int
	firstError string
}

func sessions(flags *flag.FlagSet, args []string) {
	toTarget := targetFlags(flags)
	workers := flags.Int("connections", 1, "connections at a time")
	command := flags.String("command", "", "what each session runs; nothing: it only logs in")
	perConnection := flags.Int("sessions-per-connection", 1, "before the next connection")
	count := flags.Int("count", 0, "ends after so many sessions; 0: after --seconds")
	seconds := flags.Float64("seconds", 2, "length of the measured window")
	warmup := flags.Float64("warmup", 0, "seconds before it")
	pids := flags.String("cpu-pids", "", "processes whose CPU time is measured")
	_ = flags.Parse(args)

	target := toTarget()
	run := func(count int, seconds float64) *loop {
		l := &loop{target: target, command: *command, perConnection: *perConnection, left: -1}
		l.until = time.Now().Add(time.Duration(seconds * float64(time.Second)))
		if count > 0 {
			l.left = count
		}
		l.run(*workers)
		return l
	}
	if *warmup > 0 {
		run(0, *warmup)
	}
	processes := parsePids(*pids)
	cpu, start := cpuSeconds(processes), time.Now()
	l := run(*count, *seconds)
	if len(l.took) == 0 {
		log.Fatalf("no session ended well: %s", l.firstError)
	}
	elapsed := time.Since(start).Seconds()
	p50, p99, _ := quantiles(l.took)
	printJSON(sessionsResult{
		Sessions: len(l.took), Seconds: elapsed, CPUSeconds: cpuSeconds(processes) - cpu,
		P50Ms: p50, P99Ms: p99, Errors: l.errors, FirstError: l.firstError,
	})
}

func (l *loop) run(workers int) {
	var group sync.WaitGroup
	for n := 0; n < workers; n++ {
		group.Add(1)
		go func() {
			defer group.Done()
			for l.begin() {
				l.connection()
			}
		}()
	}
	group.Wait()
}

// connection runs the session that was begun and, on the same connection, those after it.
func (l *loop) connection() {
	start := time.Now()
	client, err := l.target.dial()
	if err != nil {
		l.end(start, err)
		return
	}
	defer client.Close()
	for n := 1; ; n++ {
		if l.command != "" {
			err = runCommand(client, l.command)
		}
		l.end(start, err)
		if err != nil || n >= l.perConnection || !l.begin() {
			return
		}
		start = time.Now()
	}
}

func (l *loop) begin() bool {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if l.left == 0 || (l.left < 0 && time.Now().After(l.until)) {
		return false
	}
	if l.left > 0 {
		l.left--
	}
	return true
}

func (l *loop) end(start time.Time, err error) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	if err == nil {
		l.took = append(l.took, time.Since(start))
		return
	}
	l.errors++
	if l.firstError == "" {
		l.firstError = err.Error()
	}
}

func (t *target) dial() (*ssh.Client, error) {
	socket, err := net.DialTimeout("tcp", t.address, dialMax)
	if err != nil {
		return nil, err
	}
	_ = socket.SetDeadline(time.Now().Add(handshakeMax))
	connection, channels, requests, err := ssh.NewClientConn(socket, t.address, t.config)
	if err != nil {
		socket.Close()
		return nil, err
	}
	_ = socket.SetDeadline(time.Time{})
	return ssh.NewClient(connection, channels, requests), nil
}

func runCommand(client *ssh.Client, command string) error {
	session, err := client.NewSession()
	if err != nil {
		return err
	}
	defer session.Close()
	// A session that never ends is a failure of this one, not of the whole run.
	late := time.AfterFunc(handshakeMax, func() { client.Close() })
	defer late.Stop()
	return session.Run(command)
}
