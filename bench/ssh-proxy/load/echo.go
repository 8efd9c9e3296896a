package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"strconv"
	"strings"
	"time"
)

type echoResult struct {
	RoundTrips int     `json:"roundTrips"`
	P50Ms      float64 `json:"p50Ms"`
	P99Ms      float64 `json:"p99Ms"`
	MaxMs      float64 `json:"maxMs"`
}

// echo says "ready", measures one window of round trips after the other, and adds a line of JSON
// to the file after each. Who watches the file knows when the next one is near.
func echo(flags *flag.FlagSet, args []string) {
	toTarget := targetFlags(flags)
	command := flags.String("command", "", "what gives back each byte")
	windows := flags.String("windows", "2,2", "seconds of each")
	gap := flags.Float64("gap", 1, "seconds of unmeasured round trips before each window")
	intervalMs := flags.Float64("interval-ms", 2, "between the beginnings of two round trips")
	output := flags.String("output", "", "gets a line of JSON for each window")
	_ = flags.Parse(args)

	client, err := toTarget().dial()
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
	session, err := client.NewSession()
	if err != nil {
		log.Fatal(err)
	}
	input, _ := session.StdinPipe()
	back, _ := session.StdoutPipe()
	if err := session.Start(*command); err != nil {
		log.Fatal(err)
	}
	interval := time.Duration(*intervalMs * float64(time.Millisecond))
	roundTrips(input, back, interval, 0.1)
	fmt.Println("ready")
	file, err := os.OpenFile(*output, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		log.Fatal(err)
	}
	for _, word := range strings.Split(*windows, ",") {
		seconds, err := strconv.ParseFloat(word, 64)
		if err != nil {
			log.Fatal(err)
		}
		roundTrips(input, back, interval, *gap)
		took := roundTrips(input, back, interval, seconds)
		p50, p99, most := quantiles(took)
		result := echoResult{RoundTrips: len(took), P50Ms: p50, P99Ms: p99, MaxMs: most}
		if err := json.NewEncoder(file).Encode(result); err != nil {
			log.Fatal(err)
		}
	}
}

// roundTrips begins one each interval, or at once when the last one took longer than that.
func roundTrips(
	input io.Writer, back io.Reader, interval time.Duration, seconds float64,
) []time.Duration {
	end := time.Now().Add(time.Duration(seconds * float64(time.Second)))
	var took []time.Duration
	sent, got := []byte{0}, []byte{0}
	for next := time.Now(); next.Before(end); {
		start := time.Now()
		sent[0]++
		if _, err := input.Write(sent); err != nil {
			log.Fatal(err)
		}
		if _, err := io.ReadFull(back, got); err != nil || got[0] != sent[0] {
			log.Fatalf("sent %d, got %d: %v", sent[0], got[0], err)
		}
		now := time.Now()
		took = append(took, now.Sub(start))
		if next = next.Add(interval); next.Before(now) {
			next = now
		}
		time.Sleep(time.Until(next))
	}
	return took
}
