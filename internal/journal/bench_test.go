package journal

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/bynder-cli/bynder/internal/bynder"
	"github.com/bynder-cli/bynder/internal/download"
	"github.com/bynder-cli/bynder/internal/report"
)

const million = 1_000_000

// mediaIDOf is an id as portals have them.
func mediaIDOf(i int) string {
	return fmt.Sprintf("%08X-141B-47D2-98B4%012X", i, i*7919)
}

// writeMany writes a journal of n results, whose files are spread over a few that are
// there, and returns its path and theirs.
func writeMany(tb testing.TB, n int) (file, dir string) {
	tb.Helper()
	folder := tb.TempDir()
	dir = filepath.Join(folder, "files")
	if err := os.Mkdir(dir, 0o777); err != nil {
		tb.Fatal(err)
	}
	const files = 1000
	for i := range files {
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("photo-%d.jpg", i)), []byte("content"), 0o666); err != nil {
			tb.Fatal(err)
		}
	}
	file = filepath.Join(folder, "done.ndjson")
	f, err := os.Create(file)
	if err != nil {
		tb.Fatal(err)
	}
	defer f.Close()
	w := bufio.NewWriterSize(f, 1<<20)
	size := int64(len("content"))
	for i := range n {
		line, err := report.JSONLine(download.Result{
			Portal: portal, MediaID: mediaIDOf(i), Selector: "original", Status: download.Downloaded,
			Path: fmt.Sprintf("photo-%d.jpg", i%files), Bytes: &size,
			ETag: `"9a0364b9e99bb480dd25e1f0284c8555"`, Verified: download.VerifiedMD5,
			Attempts: 1, Seconds: 0.123456789, FinishedAt: time.Date(2026, 5, 6, 7, 8, 9, 123456789, time.UTC),
		})
		if err != nil {
			tb.Fatal(err)
		}
		_, _ = w.Write(line)
	}
	if err := w.Flush(); err != nil {
		tb.Fatal(err)
	}
	return file, dir
}

func openMany(tb testing.TB, file, dir string) *Journal {
	tb.Helper()
	j, err := Open(tb.Context(), file, Options{Portal: portal, Encode: report.JSONLine[download.Result], Dir: dir})
	if err != nil {
		tb.Fatal(err)
	}
	return j
}

func BenchmarkOpenMillion(b *testing.B) {
	file, dir := writeMany(b, million)
	info, err := os.Stat(file)
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(info.Size())
	for b.Loop() {
		if err := openMany(b, file, dir).Close(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(info.Size())/million*100_000, "B/100000records")
}

func BenchmarkDone(b *testing.B) {
	file, dir := writeMany(b, million)
	j := openMany(b, file, dir)
	defer j.Close()
	i := 0
	b.ReportAllocs()
	for b.Loop() {
		i = (i + 1) % million
		job := download.Job{MediaID: mediaIDOf(i), Selector: bynder.Selector{}}
		if r, ok := j.Done(job); !ok || r.Status != download.Unchanged {
			b.Fatalf("%s is not done", job.MediaID)
		}
	}
}

func BenchmarkFinishedOfKnown(b *testing.B) {
	file, dir := writeMany(b, 1000)
	j := openMany(b, file, dir)
	defer j.Close()
	r, _ := j.Done(download.Job{MediaID: mediaIDOf(7)})
	for b.Loop() {
		j.Finished(download.Job{}, r)
	}
}

// peakMemory is the most memory that the process has had, in bytes; 0 where the system
// does not tell.
func peakMemory() int64 {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(status)) {
		var kib int64
		if n, _ := fmt.Sscanf(line, "VmHWM: %d kB", &kib); n == 1 {
			return kib << 10
		}
	}
	return 0
}
