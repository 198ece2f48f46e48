package main

import (
	"fmt"
	"os"
	"runtime"
	"sort"
	"sync"
	"sync/atomic"
	"time"
)

type waiting struct {
	gate  chan int
	group sync.WaitGroup
}

// startParked starts goroutines that wait until the channel is closed.
func startParked(count int) *waiting {
	all := &waiting{gate: make(chan int)}
	missing := int64(count)
	all.group.Add(count)
	for i := 0; i < count; i++ {
		go func() {
			atomic.AddInt64(&missing, -1)
			<-all.gate
			all.group.Done()
		}()
	}
	for atomic.LoadInt64(&missing) != 0 {
		runtime.Gosched()
	}
	return all
}

func parked(name string) {
	count := float64(*many)
	memory := residentBytes()
	begin := time.Now()
	all := startParked(*many)
	report(name+"_create", time.Since(begin).Seconds()/count*1e9)
	report(name+"_bytes", (residentBytes()-memory)/count)
	begin = time.Now()
	close(all.gate)
	all.group.Wait()
	report(name+"_wake", time.Since(begin).Seconds()/count*1e9)
}

func sleepers(name string) {
	late := make([]float64, *many)
	var group sync.WaitGroup
	group.Add(*many)
	for i := range late {
		go func(mine *float64) {
			begin := time.Now()
			time.Sleep(time.Second)
			*mine = (time.Since(begin).Seconds() - 1) * 1e3
			group.Done()
		}(&late[i])
	}
	group.Wait()
	report(name+"_p50", percentile(late, 0.5))
	report(name+"_p99", percentile(late, 0.99))
}

func percentile(values []float64, share float64) float64 {
	sort.Float64s(values)
	return values[int(share*float64(len(values)-1))]
}

func residentBytes() float64 {
	var size, resident float64
	text, err := os.ReadFile("/proc/self/statm")
	if err == nil {
		_, err = fmt.Sscan(string(text), &size, &resident)
	}
	if err != nil {
		panic(err)
	}
	return resident * 4096
}
