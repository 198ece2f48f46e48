// Go. The operations of operations.h, line by line; options as in measure.h.
package main

import (
	"flag"
	"fmt"
	"os"
	"runtime"
	"time"
)

var (
	procs        = flag.Int("procs", 1, "GOMAXPROCS")
	milliseconds = flag.Float64("milliseconds", 10, "that one measurement takes at least")
	many         = flag.Int("many", 1000000, "parked goroutines, sleepers, leaves")
	background   = flag.Int("background", 0, "goroutines that wait while everything else is measured")
)

func report(key string, value float64) { fmt.Printf("%s %.6g\n", key, value) }

const repeats = 6

func secondsOf(body func(n int), n int) float64 {
	begin := time.Now()
	body(n)
	return time.Since(begin).Seconds()
}

// nanoseconds calls body(n), which does n operations, with n grown until the call takes long
// enough, then some times more; it returns nanoseconds for one operation of the fastest.
func nanoseconds(first int, body func(n int)) float64 {
	want := *milliseconds / 1e3
	n := first
	taken := secondsOf(body, n)
	for ; taken < want; taken = secondsOf(body, n) {
		growth := 1.2 * want / max(taken, 1e-9)
		n = int(float64(n) * min(max(growth, 1.2), 20))
	}
	for i := 1; i < repeats; i++ {
		taken = min(taken, secondsOf(body, n))
	}
	return taken / float64(n) * 1e9
}

func min(a, b float64) float64 {
	if a < b {
		return a
	}
	return b
}

func max(a, b float64) float64 { return -min(-a, -b) }

type operation func(name string)

func repeated(first int, body func(n int)) operation {
	return func(name string) { report(name, nanoseconds(first, body)) }
}

func whole(body func()) operation {
	return func(name string) {
		const long = 0.4
		best := 1e9
		for spent := 0.0; spent < long; {
			taken := secondsOf(func(int) { body() }, 0)
			best = min(best, taken)
			spent += taken
		}
		report(name, best*1e3)
	}
}

var operations = map[string]operation{
	"yield_2":           repeated(1000, func(n int) { yields(n, 2) }),
	"yield_1000":        repeated(10000, func(n int) { yields(n, 1000) }),
	"spawn_join":        repeated(100, spawnJoin),
	"spawn_batch":       repeated(1000, spawnBatch),
	"round_trip":        repeated(100, roundTrip),
	"one_to_one":        repeated(1000, func(n int) { throughBuffer(n, 1) }),
	"many_to_many":      repeated(1000, func(n int) { throughBuffer(n, 4) }),
	"mutex_alone":       repeated(1000, mutexAlone),
	"mutex_3":           repeated(1000, func(n int) { mutexContended(n, 3) }),
	"mutex_100":         repeated(10000, func(n int) { mutexContended(n, 100) }),
	"ring":              repeated(400, ring),
	"select_unbuffered": repeated(400, func(n int) { selectOver4(n, 0) }),
	"select_buffered":   repeated(400, func(n int) { selectOver4(n, 128) }),
	"timer":             repeated(1000, timerArmStop),
	"fib":               whole(fib35),
	"skynet":            whole(skynet),
	"parked":            parked,
	"sleepers":          sleepers,
	"preempt":           preempt,
	"echo_server":       echoServer,
	"http_server":       httpServer,
}

func main() {
	flag.Parse()
	runtime.GOMAXPROCS(*procs)
	if *background != 0 {
		startParked(*background)
	}
	for _, name := range flag.Args() {
		body, found := operations[name]
		if !found {
			fmt.Fprintln(os.Stderr, "no operation", name)
			os.Exit(2)
		}
		body(name)
	}
}
