package main

import (
	"log"
	"os"
	"sort"
	"strconv"
	"strings"
	"time"
)

// ticksPerSecond is the unit of /proc times on Linux, whatever the kernel's own tick is.
const ticksPerSecond = 100

func parsePids(text string) []string {
	return strings.FieldsFunc(text, func(letter rune) bool { return letter == ',' })
}

// cpuSeconds is the user and system time of all threads of the processes.
func cpuSeconds(pids []string) float64 {
	ticks := 0
	for _, pid := range pids {
		text, err := os.ReadFile("/proc/" + pid + "/stat")
		if err != nil {
			log.Fatal(err)
		}
		fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+2:]))
		user, _ := strconv.Atoi(fields[11])
		system, _ := strconv.Atoi(fields[12])
		ticks += user + system
	}
	return float64(ticks) / ticksPerSecond
}

// quantiles are the median, the 99th percentile and the greatest, in milliseconds.
func quantiles(took []time.Duration) (p50, p99, most float64) {
	sort.Slice(took, func(a, b int) bool { return took[a] < took[b] })
	at := func(part float64) float64 {
		index := int(part * float64(len(took)))
		if index >= len(took) {
			index = len(took) - 1
		}
		return float64(took[index]) / float64(time.Millisecond)
	}
	return at(0.5), at(0.99), at(1)
}
