package main

import (
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

func yields(n, fibers int) {
	var group sync.WaitGroup
	group.Add(fibers)
	for i := 0; i < fibers; i++ {
		go func() {
			for k := 0; k < n/fibers; k++ {
				runtime.Gosched()
			}
			group.Done()
		}()
	}
	group.Wait()
}

func spawnJoin(n int) {
	var one sync.WaitGroup
	for i := 0; i < n; i++ {
		one.Add(1)
		go one.Done()
		one.Wait()
	}
}

func spawnBatch(n int) {
	const batch = 1000
	for done := 0; done < n; done += batch {
		var group sync.WaitGroup
		for i := 0; i < batch; i++ {
			group.Add(1)
			go group.Done()
		}
		group.Wait()
	}
}

func roundTrip(n int) {
	there, back := make(chan int), make(chan int)
	go func() {
		for value := range there {
			back <- value
		}
	}()
	for i := 0; i < n; i++ {
		there <- 1
		<-back
	}
	close(there)
}

func throughBuffer(n, pairs int) {
	channel := make(chan int, 128)
	var senders, receivers sync.WaitGroup
	senders.Add(pairs)
	receivers.Add(pairs)
	for i := 0; i < pairs; i++ {
		go func() {
			for range channel {
			}
			receivers.Done()
		}()
		go func() {
			for k := 0; k < n/pairs; k++ {
				channel <- 1
			}
			senders.Done()
		}()
	}
	senders.Wait()
	close(channel)
	receivers.Wait()
}

func mutexAlone(n int) {
	var mutex sync.Mutex
	for i := 0; i < n; i++ {
		mutex.Lock()
		mutex.Unlock()
	}
}

func mutexContended(n, fibers int) {
	var mutex sync.Mutex
	var group sync.WaitGroup
	sum := 0
	group.Add(fibers)
	for i := 0; i < fibers; i++ {
		go func() {
			for k := 0; k < n/fibers; k++ {
				mutex.Lock()
				sum++
				mutex.Unlock()
			}
			group.Done()
		}()
	}
	group.Wait()
}

func ring(n int) {
	var channels [4]chan int
	for i := range channels {
		channels[i] = make(chan int)
	}
	for i := 0; i < 3; i++ {
		go func(from, to chan int) {
			for value := range from {
				to <- value
			}
			close(to)
		}(channels[i], channels[i+1])
	}
	for i := 0; i < n; i += 4 {
		channels[0] <- 1
		<-channels[3]
	}
	close(channels[0])
}

func selectOver4(n, capacity int) {
	var channels [4]chan int
	for i := range channels {
		channels[i] = make(chan int, capacity)
		go func(channel chan int) {
			for k := 0; k < n/4; k++ {
				channel <- 1
			}
		}(channels[i])
	}
	sum := 0
	for i := 0; i < n/4*4; i++ {
		select {
		case value := <-channels[0]:
			sum += value
		case value := <-channels[1]:
			sum += value
		case value := <-channels[2]:
			sum += value
		case value := <-channels[3]:
			sum += value
		}
	}
}

func timerArmStop(n int) {
	for i := 0; i < n; i++ {
		time.NewTimer(time.Hour).Stop()
	}
}

func serialFib(n int) int {
	if n < 2 {
		return n
	}
	return serialFib(n-1) + serialFib(n-2)
}

func fib(n int) int {
	const cutoff = 12
	if n <= cutoff {
		return serialFib(n)
	}
	var task sync.WaitGroup
	left := 0
	task.Add(1)
	go func() {
		left = fib(n - 1)
		task.Done()
	}()
	right := fib(n - 2)
	task.Wait()
	return left + right
}

func fib35() {
	if fib(35) != 9227465 {
		panic("fib")
	}
}

func skynetNode(up chan int, number, leaves int) {
	if leaves == 1 {
		up <- number
		return
	}
	sums := make(chan int)
	for i := 0; i < 10; i++ {
		go skynetNode(sums, number+i*(leaves/10), leaves/10)
	}
	sum := 0
	for i := 0; i < 10; i++ {
		sum += <-sums
	}
	up <- sum
}

func skynet() {
	result := make(chan int)
	go skynetNode(result, 0, *many)
	if <-result != *many*(*many-1)/2 {
		panic("skynet")
	}
}

func preempt(name string) {
	latency := make([]float64, 10)
	for i := range latency {
		var stop atomic.Bool
		var busy sync.WaitGroup
		busy.Add(1)
		go func() {
			for !stop.Load() {
			}
			busy.Done()
		}()
		begin := time.Now()
		runtime.Gosched()
		latency[i] = time.Since(begin).Seconds() * 1e3
		stop.Store(true)
		busy.Wait()
	}
	report(name, percentile(latency, 0.5))
}
