//go:build !race

package journal

// raceDetector tells that the race detector is on, which takes memory of its own.
const raceDetector = false
