package bucket

import (
	"crypto/md5"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/bynder-cli/bynder/internal/download"
	"github.com/bynder-cli/bynder/internal/transfer"
)

// serveInstead serves a request as the server does, and lets change alter the answer.
func (s *server) serveInstead(w http.ResponseWriter, r *http.Request, change func(h http.Header, body string) string) {
	answer := httptest.NewRecorder()
	s.serve(answer, r)
	body := change(answer.Header(), answer.Body.String())
	for name, values := range answer.Header() {
		w.Header()[name] = values
	}
	w.WriteHeader(answer.Code)
	_, _ = w.Write([]byte(body))
}

// damage changes the first byte of everything that is stored.
func (s *server) damage() {
	s.mu.Lock()
	defer s.mu.Unlock()
	wrong := func(b []byte) []byte { return append([]byte{b[0] ^ 1}, b[1:]...) }
	for _, o := range s.objects {
		o.content = wrong(o.content)
		o.etag = fmt.Sprintf("%x", md5.Sum(o.content))
	}
	for _, u := range s.uploads {
		for n := range u.parts {
			u.parts[n] = wrong(u.parts[n])
		}
	}
}

// An object or part that the server stores wrongly is written again; if it stays wrong, there is no object.
func TestServerThatStoresOtherBytes(t *testing.T) {
	for name, tt := range map[string]struct {
		operation, content string
		times              int
		keyed              bool
	}{
		"a small file once": {"put", "small", 1, false}, "a small file always": {"put", "small", 99, false},
		"a part once": {"part", large, 1, false}, "a part always": {"part", large, 99, false},
		"a small file with a key": {"put", "small", 99, true},
	} {
		t.Run(name, func(t *testing.T) {
			s := newServer(t)
			left := tt.times
			s.fault = func(w http.ResponseWriter, r *http.Request) bool {
				s.mu.Lock()
				wrong := operation(r) == tt.operation && left > 0
				if wrong {
					left--
				}
				s.mu.Unlock()
				if !wrong {
					return false
				}
				s.serveInstead(w, r, func(h http.Header, body string) string {
					if tt.keyed {
						h.Set("X-Amz-Server-Side-Encryption", "aws:kms")
					} else if tt.operation == "put" {
						s.damage()
					}
					h.Set("ETag", fmt.Sprintf(`"%x"`, md5.Sum([]byte("other bytes"))))
					return body
				})
				if tt.operation == "put" {
					s.mu.Lock()
					defer s.mu.Unlock()
					for _, o := range s.objects {
						o.etag = fmt.Sprintf("%x", md5.Sum([]byte("other bytes")))
					}
				}
				return true
			}
			_, err := transferred(t.Context(), s.sink(SinkOptions{}), target("a.jpg", "A"), objectOf(tt.content), tt.content)
			s.mend()
			if tt.times == 99 && !tt.keyed {
				if e := wantCode(t, err, download.CodeIntegrity); !strings.Contains(e.Error(), "s3://bucket/a.jpg") || transfer.StartsOver(err) || e.Path != "a.jpg" || !e.Retryable {
					t.Errorf("the error is %v, at %q", err, e.Path)
				}
				if got := s.counted(tt.operation); got < 4 || got > 16 {
					t.Errorf("%d requests", got)
				}
				wantContents(t, s, map[string]string{})
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			wantContents(t, s, map[string]string{"a.jpg": tt.content})
		})
	}
}

// An object whose ETag is not that of its parts is read: either the server has made it wrongly, or computes ETags in another
// way, which is found out once.
func TestCompletedObjectIsRead(t *testing.T) {
	for _, damaged := range []bool{false, true} {
		t.Run(fmt.Sprint(damaged), func(t *testing.T) {
			s := newServer(t)
			s.fault = func(w http.ResponseWriter, r *http.Request) bool {
				if operation(r) != "complete" {
					return false
				}
				s.serveInstead(w, r, func(_ http.Header, body string) string {
					if damaged {
						s.damage()
					}
					s.mu.Lock()
					defer s.mu.Unlock()
					key := strings.TrimPrefix(r.URL.Path, "/bucket/")
					own := s.objects[key].etag
					s.objects[key].etag = fmt.Sprintf("%x-%d", md5.Sum([]byte(own)), (len(large)+smallPart-1)/smallPart)
					return fmt.Sprintf("<CompleteMultipartUploadResult><Bucket>bucket</Bucket><Key>%s</Key><ETag>%s</ETag></CompleteMultipartUploadResult>", key, s.objects[key].etag)
				})
				return true
			}
			to := s.sink(SinkOptions{})
			for _, name := range []string{"a.jpg", "b.jpg"} {
				_, err := transferred(t.Context(), to, target(name, name), objectOf(large), large)
				if damaged {
					if wantCode(t, err, download.CodeIntegrity); !transfer.StartsOver(err) {
						t.Errorf("%v does not start over", err)
					}
				} else if err != nil {
					t.Fatal(err)
				}
			}
			want, reads := map[string]string{"a.jpg": large, "b.jpg": large}, 1
			if damaged {
				want, reads = map[string]string{}, 2
			}
			s.mend()
			wantContents(t, s, want)
			if got := s.counted("get"); got != reads {
				t.Errorf("%d objects were read, want %d", got, reads)
			}
		})
	}
}

// A damaged object that another program has replaced since stays.
func TestReplacedObjectIsNotRemoved(t *testing.T) {
	s := newServer(t)
	c := s.client()
	damaged, err := c.Put(t.Context(), "a.jpg", []byte("damaged"), Attributes{}, Condition{})
	if err != nil {
		t.Fatal(err)
	}
	other, err := c.Put(t.Context(), "a.jpg", []byte("of another program"), Attributes{}, Condition{})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		etag string
		want map[string]string
	}{
		{damaged, map[string]string{"a.jpg": "of another program"}},
		{other, map[string]string{}},
		{other, map[string]string{}}, // it is gone
	} {
		if err := c.removeDamaged(t.Context(), "a.jpg", tt.etag); err != nil {
			t.Error(err)
		}
		wantContents(t, s, tt.want)
	}
}
