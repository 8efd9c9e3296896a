// A minimal SSH reverse proxy on golang.org/x/crypto/ssh: one public key is let in, each connection
// gets one of its own to the backend with its first channel, and every channel request is passed
// on as it is, in both directions.
//
//	PORT HOST_KEY CLIENT_KEY.pub BACKEND_PORT BACKEND_USER BACKEND_KEY BACKEND_HOST_KEY.pub
package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"os"
	"sync"

	"golang.org/x/crypto/ssh"
)

type proxy struct {
	front          *ssh.ServerConfig
	backend        *ssh.ClientConfig
	backendAddress string
}

func main() {
	if len(os.Args) != 8 {
		log.Fatal("seven words: see the top of main.go")
	}
	clientKey := readPublicKey(os.Args[3]).Marshal()
	front := &ssh.ServerConfig{
		// OpenSSH's client sends eow@openssh.com only to what calls itself so.
		ServerVersion: "SSH-2.0-OpenSSH_Go",
		PublicKeyCallback: func(_ ssh.ConnMetadata, key ssh.PublicKey) (*ssh.Permissions, error) {
			if bytes.Equal(key.Marshal(), clientKey) {
				return nil, nil
			}
			return nil, errors.New("unknown key")
		},
	}
	front.AddHostKey(readPrivateKey(os.Args[2]))
	p := &proxy{
		front: front,
		backend: &ssh.ClientConfig{
			User:            os.Args[5],
			Auth:            []ssh.AuthMethod{ssh.PublicKeys(readPrivateKey(os.Args[6]))},
			HostKeyCallback: ssh.FixedHostKey(readPublicKey(os.Args[7])),
		},
		backendAddress: net.JoinHostPort("127.0.0.1", os.Args[4]),
	}
	listener, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", os.Args[1]))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("ready")
	for {
		socket, err := listener.Accept()
		if err != nil {
			log.Fatal(err)
		}
		go p.serve(socket)
	}
}

func (p *proxy) serve(socket net.Conn) {
	defer socket.Close()
	_, channels, requests, err := ssh.NewServerConn(socket, p.front)
	if err != nil {
		return
	}
	go ssh.DiscardRequests(requests)
	var backend *ssh.Client
	for channel := range channels {
		if backend == nil {
			if backend, err = ssh.Dial("tcp", p.backendAddress, p.backend); err != nil {
				log.Print(err)
				return
			}
			defer backend.Close()
		}
		go relay(channel, backend)
	}
}

func relay(asked ssh.NewChannel, backend *ssh.Client) {
	back, backRequests, err := backend.OpenChannel(asked.ChannelType(), asked.ExtraData())
	if err != nil {
		var refused *ssh.OpenChannelError
		if errors.As(err, &refused) {
			_ = asked.Reject(refused.Reason, refused.Message)
		} else {
			_ = asked.Reject(ssh.ConnectionFailed, "no backend")
		}
		return
	}
	defer back.Close()
	front, frontRequests, err := asked.Accept()
	if err != nil {
		return
	}
	defer front.Close()
	go func() {
		passRequests(frontRequests, back)
		// The requests end when the client has closed the channel.
		back.Close()
	}()
	go func() {
		_, _ = io.Copy(back, front)
		_ = back.CloseWrite()
	}()
	var output, said sync.WaitGroup
	output.Add(2)
	go func() {
		defer output.Done()
		_, _ = io.Copy(front, back)
	}()
	go func() {
		defer output.Done()
		_, _ = io.Copy(front.Stderr(), back.Stderr())
	}()
	// The channel is closed when all that the backend says has been passed on, its exit too.
	said.Add(1)
	go func() {
		defer said.Done()
		passRequests(backRequests, front)
	}()
	output.Wait()
	// After it nothing can be written, to stderr neither.
	_ = front.CloseWrite()
	said.Wait()
}

func passRequests(requests <-chan *ssh.Request, to ssh.Channel) {
	for request := range requests {
		done, err := to.SendRequest(request.Type, request.WantReply, request.Payload)
		if request.WantReply {
			_ = request.Reply(done && err == nil, nil)
		}
	}
}

func readPrivateKey(path string) ssh.Signer {
	signer, err := ssh.ParsePrivateKey(readFile(path))
	if err != nil {
		log.Fatalf("%s: %v", path, err)
	}
	return signer
}

func readPublicKey(path string) ssh.PublicKey {
	key, _, _, _, err := ssh.ParseAuthorizedKey(readFile(path))
	if err != nil {
		log.Fatalf("%s: %v", path, err)
	}
	return key
}

func readFile(path string) []byte {
	text, err := os.ReadFile(path)
	if err != nil {
		log.Fatal(err)
	}
	return text
}
