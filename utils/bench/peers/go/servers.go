package main

import (
	"fmt"
	"net"
	"net/http"
)

func listen() net.Listener {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	fmt.Println("listening on", listener.Addr())
	return listener
}

// Both serve until they are killed.
func echoServer(string) {
	listener := listen()
	for {
		connection, err := listener.Accept()
		if err != nil {
			panic(err)
		}
		go func() {
			defer connection.Close()
			buffer := make([]byte, 16*1024)
			for {
				size, err := connection.Read(buffer)
				if err != nil {
					return
				}
				if _, err = connection.Write(buffer[:size]); err != nil {
					return
				}
			}
		}()
	}
}

func httpServer(string) {
	hello := func(answer http.ResponseWriter, _ *http.Request) {
		answer.Header().Set("Content-Type", "text/plain; charset=utf-8")
		answer.Write([]byte("hello\n"))
	}
	panic(http.Serve(listen(), http.HandlerFunc(hello)))
}
