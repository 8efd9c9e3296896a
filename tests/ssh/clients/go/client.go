// Go's x/crypto/ssh as a client of one command; see ../drivers.ts for the words and the report.
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"sync"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"
)

type result struct {
	stdout, stderr []byte
	Status         *int   `json:"status,omitempty"`
	Signal         string `json:"signal,omitempty"`
}

func (r result) String() string {
	status := -1
	if r.Status != nil {
		status = *r.Status
	}
	return fmt.Sprintf("status %d, signal %q, stdout %.200q, stderr %.200q",
		status, r.Signal, r.stdout, r.stderr)
}

func main() {
	if err := drive(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func drive(words []string) error {
	address, user, keyFile, knownHosts := words[0]+":"+words[1], words[2], words[3], words[4]
	times, _ := strconv.Atoi(words[5])
	connections, _ := strconv.Atoi(words[6])
	command := words[7]
	data, err := io.ReadAll(os.Stdin)
	if err != nil {
		return err
	}
	config, err := configOf(user, keyFile, knownHosts)
	if err != nil {
		return err
	}
	clients := make([]*ssh.Client, connections)
	for index := range clients {
		if clients[index], err = ssh.Dial("tcp", address, config); err != nil {
			return err
		}
		defer clients[index].Close()
	}
	first, err := run(clients[0], command, data)
	if err != nil {
		return err
	}
	if err := repeat(clients, times, command, data, first); err != nil {
		return err
	}
	os.Stdout.Write(first.stdout)
	os.Stderr.Write(first.stderr)
	return json.NewEncoder(os.NewFile(3, "report")).Encode(first)
}

func configOf(user, keyFile, knownHosts string) (*ssh.ClientConfig, error) {
	pem, err := os.ReadFile(keyFile)
	if err != nil {
		return nil, err
	}
	signer, err := ssh.ParsePrivateKey(pem)
	if err != nil {
		return nil, err
	}
	check, err := knownhosts.New(knownHosts)
	if err != nil {
		return nil, err
	}
	return &ssh.ClientConfig{
		User:            user,
		Auth:            []ssh.AuthMethod{ssh.PublicKeys(signer)},
		HostKeyCallback: check,
		Timeout:         20 * time.Second,
	}, nil
}

// repeat runs it so often on all connections at once, one run at a time on each.
func repeat(clients []*ssh.Client, times int, command string, data []byte, want result) error {
	var group sync.WaitGroup
	failures := make(chan error, len(clients))
	for index, client := range clients {
		group.Add(1)
		go func() {
			defer group.Done()
			for turn := 1 + index; turn < times; turn += len(clients) {
				got, err := run(client, command, data)
				if err == nil && got.String() != want.String() {
					err = fmt.Errorf("run %d gave %v, not %v", turn, got, want)
				}
				if err != nil {
					failures <- err
					return
				}
			}
		}()
	}
	group.Wait()
	close(failures)
	return <-failures
}

func run(client *ssh.Client, command string, data []byte) (result, error) {
	session, err := client.NewSession()
	if err != nil {
		return result{}, err
	}
	defer session.Close()
	var stdout, stderr bytes.Buffer
	session.Stdin, session.Stdout, session.Stderr = bytes.NewReader(data), &stdout, &stderr
	err = session.Run(command)
	got := result{stdout: stdout.Bytes(), stderr: stderr.Bytes()}
	var ended *ssh.ExitError
	switch {
	case err == nil:
		zero := 0
		got.Status = &zero
	case errors.As(err, &ended) && ended.Signal() != "":
		got.Signal = ended.Signal()
	case errors.As(err, &ended):
		status := ended.ExitStatus()
		got.Status = &status
	default:
		return result{}, err
	}
	return got, nil
}
