package main

import (
	"flag"
	"io"
	"log"
	"os"
	"sync"

	"golang.org/x/crypto/ssh"
)

type idleResult struct {
	Opened int `json:"opened"`
}

// idle opens connections, runs the command once on each, says how many there are, and keeps them
// until its standard input ends. One that does not open ends it all.
func idle(flags *flag.FlagSet, args []string) {
	toTarget := targetFlags(flags)
	connections := flags.Int("connections", 1, "how many")
	atATime := flags.Int("at-a-time", 8, "how many are opened at a time")
	command := flags.String("command", "", "run once on each; nothing: they only log in")
	_ = flags.Parse(args)

	target := toTarget()
	var mutex sync.Mutex
	var open []*ssh.Client
	todo := make(chan struct{}, *connections)
	for n := 0; n < *connections; n++ {
		todo <- struct{}{}
	}
	close(todo)
	one := func() {
		client, err := target.dial()
		if err == nil && *command != "" {
			err = runCommand(client, *command)
		}
		mutex.Lock()
		defer mutex.Unlock()
		if err != nil {
			log.Fatalf("after %d connections: %v", len(open), err)
		}
		open = append(open, client)
	}
	var group sync.WaitGroup
	for n := 0; n < *atATime; n++ {
		group.Add(1)
		go func() {
			defer group.Done()
			for range todo {
				one()
			}
		}()
	}
	group.Wait()
	printJSON(idleResult{Opened: len(open)})
	_, _ = io.Copy(io.Discard, os.Stdin)
	for _, client := range open {
		client.Close()
	}
}
