package report

import (
	"bytes"
	"hash/fnv"
	"io"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"github.com/bynder-cli/bynder/internal/download"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// stream is a writer that notes each Write.
type stream struct {
	mu     sync.Mutex
	writes []string
	err    error // what Write returns
}

func (s *stream) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return 0, s.err
	}
	s.writes = append(s.writes, string(p))
	return len(p), nil
}

func (s *stream) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var b bytes.Buffer
	for _, w := range s.writes {
		b.WriteString(w)
	}
	return b.String()
}

func (s *stream) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.writes)
}

// job has the same number for the same id, and others for others.
func job(id string) download.Job { return download.Job{Number: number(id), MediaID: id} }

func number(id string) int64 {
	h := fnv.New64a()
	_, _ = io.WriteString(h, id)
	return int64(h.Sum64())
}

func present(id, path string, size int64) download.Result {
	return download.Result{MediaID: id, Selector: "original", Status: download.Downloaded, Path: path, Bytes: &size}
}

func failed(id string, code download.Code, message, hint string) download.Result {
	return download.Result{
		MediaID: id, Selector: "original", Status: download.Failed,
		Error: &download.Failure{Code: code, Message: message, Hint: hint},
	}
}
