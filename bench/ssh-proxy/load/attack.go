package main

import (
	"bufio"
	"encoding/binary"
	"errors"
	"flag"
	"io"
	"log"
	"math/rand"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// A bad handshake gives up after so long, whatever the server does.
	attemptMax = 2 * time.Second
	// More than this are not left open, so that the attack cannot run out of files.
	openMax = 3000

	messageKexInit     = 20
	messageKexECDHInit = 30
)

type attackResult struct {
	Seconds float64 `json:"seconds"`
	// Begun, of them those that the server did not accept, and those held back by openMax.
	Begun    int64 `json:"begun"`
	Refused  int64 `json:"refused"`
	HeldBack int64 `json:"heldBack"`
}

// kinds are the bad handshakes there are.
var kinds = map[string]func(net.Conn) error{
	"garbage": garbage, "half-kex": halfKex, "whole-kex": wholeKex,
}

// attack begins handshakes at a rate, whatever becomes of those before: an open loop.
func attack(flags *flag.FlagSet, args []string) {
	address := flags.String("address", "", "HOST:PORT")
	sources := flags.Int("sources", 1, "addresses to come from, of 127.1.0.0/16")
	perSecond := flags.Float64("rate", 1000, "handshakes a second")
	seconds := flags.Float64("seconds", 10, "how long")
	words := flags.String("kinds", "garbage,half-kex,whole-kex", "in turns")
	_ = flags.Parse(args)

	names := strings.Split(*words, ",")
	var result attackResult
	var open, refused atomic.Int64
	var group sync.WaitGroup
	start := time.Now()
	for n := 0; time.Since(start).Seconds() < *seconds; n++ {
		begin := start.Add(time.Duration(float64(n) / *perSecond * float64(time.Second)))
		time.Sleep(time.Until(begin))
		if open.Load() >= openMax {
			result.HeldBack++
			continue
		}
		kind := kinds[names[n%len(names)]]
		if kind == nil {
			log.Fatalf("no kind %q", names[n%len(names)])
		}
		from := 1 + n%*sources
		dialer := net.Dialer{
			Timeout:   attemptMax,
			LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 1, byte(from>>8), byte(from))},
		}
		result.Begun++
		open.Add(1)
		group.Add(1)
		go func() {
			defer group.Done()
			defer open.Add(-1)
			socket, err := dialer.Dial("tcp", *address)
			if err != nil {
				refused.Add(1)
				return
			}
			defer socket.Close()
			_ = socket.SetDeadline(time.Now().Add(attemptMax))
			_ = kind(socket) // how the server gets rid of it is not asked
		}()
	}
	result.Seconds = time.Since(start).Seconds()
	group.Wait()
	result.Refused = refused.Load()
	printJSON(result)
}

// garbage sends what is no SSH and waits for the server to hang up.
func garbage(socket net.Conn) error {
	bytes := make([]byte, 256)
	rand.Read(bytes)
	bytes[len(bytes)-1] = '\n'
	if _, err := socket.Write(bytes); err != nil {
		return err
	}
	_, err := io.Copy(io.Discard, socket)
	return err
}

// halfKex agrees on algorithms and goes.
func halfKex(socket net.Conn) error {
	_, err := agree(socket)
	return err
}

// wholeKex lets the server compute and sign its key exchange, and goes without an answer.
func wholeKex(socket net.Conn) error {
	reader, err := agree(socket)
	if err != nil {
		return err
	}
	point := make([]byte, 32)
	rand.Read(point)
	init := append([]byte{messageKexECDHInit}, sshString(string(point))...)
	if _, err := socket.Write(packet(init)); err != nil {
		return err
	}
	return readPacket(reader)
}

// agree exchanges identifications and KEXINITs.
func agree(socket net.Conn) (*bufio.Reader, error) {
	hello := append([]byte("SSH-2.0-attack\r\n"), packet(kexInit())...)
	if _, err := socket.Write(hello); err != nil {
		return nil, err
	}
	reader := bufio.NewReader(socket)
	if _, err := reader.ReadString('\n'); err != nil {
		return nil, err
	}
	return reader, readPacket(reader)
}

func kexInit() []byte {
	payload := make([]byte, 17)
	payload[0] = messageKexInit
	rand.Read(payload[1:])
	lists := []string{
		"curve25519-sha256", "ssh-ed25519",
		"aes128-gcm@openssh.com,aes128-ctr", "aes128-gcm@openssh.com,aes128-ctr",
		"hmac-sha2-256-etm@openssh.com,hmac-sha2-256",
		"hmac-sha2-256-etm@openssh.com,hmac-sha2-256",
		"none", "none", "", "",
	}
	for _, list := range lists {
		payload = append(payload, sshString(list)...)
	}
	return append(payload, 0, 0, 0, 0, 0)
}

func sshString(text string) []byte {
	return append(binary.BigEndian.AppendUint32(nil, uint32(len(text))), text...)
}

// packet frames a payload as it is before there are keys.
func packet(payload []byte) []byte {
	padding := 8 - (5+len(payload))%8
	if padding < 4 {
		padding += 8
	}
	framed := binary.BigEndian.AppendUint32(nil, uint32(1+len(payload)+padding))
	framed = append(framed, byte(padding))
	framed = append(framed, payload...)
	return append(framed, make([]byte, padding)...)
}

func readPacket(reader *bufio.Reader) error {
	var length [4]byte
	if _, err := io.ReadFull(reader, length[:]); err != nil {
		return err
	}
	size := binary.BigEndian.Uint32(length[:])
	if size > 35_000 {
		return errors.New("no packet")
	}
	_, err := io.CopyN(io.Discard, reader, int64(size))
	return err
}
