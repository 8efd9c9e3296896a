// The load client of ssh-proxy.ts, on golang.org/x/crypto/ssh with curve25519 and ed25519. It does
// one thing a run, named by the first word, and prints one line of JSON.
//
//	sessions   whole sessions, or log-ins only, one after the other on each of some connections
//	idle       holds connections open until its standard input ends
//	echo       round trips of one byte through a session, at a pace
//	attack     bad handshakes at a rate
package main

import (
	"encoding/json"
	"flag"
	"log"
	"os"
	"time"

	"golang.org/x/crypto/ssh"
)

const (
	dialMax      = 10 * time.Second
	handshakeMax = 30 * time.Second
)

// target is what to connect to, and as whom.
type target struct {
	address string
	config  *ssh.ClientConfig
}

func main() {
	modes := map[string]func(*flag.FlagSet, []string){
		"sessions": sessions, "idle": idle, "echo": echo, "attack": attack,
	}
	if len(os.Args) < 2 || modes[os.Args[1]] == nil {
		log.Fatal("sessions, idle, echo or attack?")
	}
	modes[os.Args[1]](flag.NewFlagSet(os.Args[1], flag.ExitOnError), os.Args[2:])
}

// targetFlags adds the flags of a target; what it gives is to be called when they were parsed.
func targetFlags(flags *flag.FlagSet) func() *target {
	address := flags.String("address", "", "HOST:PORT")
	user := flags.String("user", "git", "who logs in")
	keyFile := flags.String("key", "", "private key")
	return func() *target {
		text, err := os.ReadFile(*keyFile)
		if err != nil {
			log.Fatal(err)
		}
		key, err := ssh.ParsePrivateKey(text)
		if err != nil {
			log.Fatal(err)
		}
		return &target{address: *address, config: &ssh.ClientConfig{
			Config:          ssh.Config{KeyExchanges: []string{"curve25519-sha256"}},
			User:            *user,
			Auth:            []ssh.AuthMethod{ssh.PublicKeys(key)},
			HostKeyCallback: ssh.InsecureIgnoreHostKey(),
			Timeout:         dialMax,
		}}
	}
}

func printJSON(value any) {
	if err := json.NewEncoder(os.Stdout).Encode(value); err != nil {
		log.Fatal(err)
	}
}
