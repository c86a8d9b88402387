package bucket

import (
	"bufio"
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"math"
	"regexp"
	"slices"
	"strconv"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/bynder-cli/bynder/internal/retry"
)

// Segments are the objects below a prefix that together hold one journal: lines, in the order of the segments' names. No
// segment changes after it was stored. Each process adds segments of its own, with names that are unique, so that no lock is
// needed. It is safe for concurrent use.
type Segments struct {
	client *Client
	prefix string // of the keys

	mu    sync.Mutex
	known []Object // those that Read has read, and that were added since
	last  int64    // the latest time in their names
}

// segmentName matches the names of segments: the time at which one was written, in nanoseconds since 1970, by the clock of
// the process that wrote it, but later than that of each segment known to it; and random letters.
var segmentName = regexp.MustCompile(`^([0-9]{19})-[A-Z2-7]{26}\.ndjson$`)

const (
	// segmentSize is the size in bytes from which on lines go into another segment.
	segmentSize = 4 << 20
	// maxSegment is the largest segment that is read, in bytes: none that this program writes is larger.
	maxSegment = 2 * segmentSize
	// segmentsAtOnce is how many segments are read or removed at a time.
	segmentsAtOnce = 8
	// fewSegments is the number of segments that are not worth merging.
	fewSegments = 32
	// mostReadings is how often segments are listed again because one has disappeared.
	mostReadings = 10
)

// ndjson are the attributes of segments.
var ndjson = Attributes{ContentType: "application/x-ndjson"}

// NewSegments returns the segments at a path below the client's location, which is "" or ends with a slash. Other objects
// there are not read, and never changed.
func NewSegments(c *Client, path string) (*Segments, error) {
	s := &Segments{client: c, prefix: c.at.Prefix + path}
	if _, err := c.at.Key(path + s.name(0)); err != nil {
		return nil, usage("the journal cannot be stored in "+c.at.Below(path)+": "+err.Error(), "choose a shorter prefix")
	}
	return s, nil
}

func (s *Segments) name(at int64) string { return fmt.Sprintf("%019d-%s.ndjson", at, rand.Text()) }

// Read writes all segments, in their order, to the writer that begin returns. If another process removes a segment
// meanwhile, because it has merged it into a new one, Read begins anew, with another call of begin.
func (s *Segments) Read(ctx context.Context, begin func() (io.Writer, error)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for reading := 1; ; reading++ {
		w, err := begin()
		if err == nil {
			s.known, s.last, err = s.list(ctx)
		}
		if err == nil {
			err = s.readAll(ctx, w)
		}
		if !errors.Is(err, ErrNotFound) || reading == mostReadings {
			return err
		}
	}
}

// list returns the segments that the bucket has, and the latest time in their names.
func (s *Segments) list(ctx context.Context) (all []Object, last int64, err error) {
	for object, err := range s.client.List(ctx, s.prefix) {
		if err != nil {
			return nil, 0, err
		}
		name := segmentName.FindStringSubmatch(object.Key[len(s.prefix):])
		if name == nil {
			continue
		}
		at, err := strconv.ParseInt(name[1], 10, 64)
		if err != nil || at > math.MaxInt64/2 {
			return nil, 0, fmt.Errorf("the segment %s%s/%s has a time in its name that is not possible", Scheme, s.client.at.Bucket, object.Key)
		}
		if object.Size < 0 || object.Size > maxSegment {
			return nil, 0, fmt.Errorf("%s%s/%s is not a part of a journal: it has %d bytes", Scheme, s.client.at.Bucket, object.Key, object.Size)
		}
		all, last = append(all, object), at // the list is in order
	}
	return all, last, nil
}

// readAll writes all known segments to w.
func (s *Segments) readAll(ctx context.Context, w io.Writer) error {
	contents := make([]bytes.Buffer, segmentsAtOnce)
	for some := range slices.Chunk(s.known, segmentsAtOnce) {
		group, within := errgroup.WithContext(ctx)
		for i, object := range some {
			group.Go(func() error {
				contents[i].Reset()
				contents[i].Grow(int(object.Size) + bytes.MinRead) // else it would be copied again and again
				return s.client.Read(within, object, &contents[i])
			})
		}
		if err := group.Wait(); err != nil {
			return err
		}
		for i := range some {
			content := contents[i].Bytes()
			if len(content) > 0 && content[len(content)-1] != '\n' { // another program has changed it
				content = append(content, '\n')
			}
			if _, err := w.Write(content); err != nil {
				return err
			}
		}
	}
	return nil
}

// Add stores lines, each with its end, as segments after all that are known: usually one.
func (s *Segments) Add(ctx context.Context, lines []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.add(ctx, bytes.NewReader(lines), max(time.Now().UnixNano(), s.last+1))
}

// add stores lines as segments whose names begin with a time, and adds them to those that are known.
func (s *Segments) add(ctx context.Context, lines io.Reader, at int64) error {
	r := bufio.NewReader(lines)
	for ; ; at++ {
		content, err := readLines(r)
		if err != nil || len(content) == 0 {
			return err
		}
		o := Object{Key: s.prefix + s.name(at), Size: int64(len(content))}
		if o.ETag, err = s.put(ctx, o.Key, content); err != nil {
			return err
		}
		s.known, s.last = append(s.known, o), at
	}
}

// put writes a segment, without a condition: nothing else has the name, and a try whose answer is lost does no harm. A server that
// still says that a condition does not hold means another request.
func (s *Segments) put(ctx context.Context, key string, content []byte) (etag string, err error) {
	for tries := retry.New(s.client.opts.Retries); ; {
		if etag, err = s.client.Put(ctx, key, content, ndjson, Condition{}); !errors.Is(err, ErrCondition) {
			return etag, err
		}
		if err := s.client.waitForKey(ctx, "write", key, err, tries); err != nil {
			return "", err
		}
	}
}

// Many reports whether merging the known segments saves time when they are read.
func (s *Segments) Many() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	var size int64
	for _, o := range s.known {
		size += o.Size
	}
	return int64(len(s.known)) > fewSegments+2*(size/segmentSize)
}

// Replace stores lines, each with its end, as new segments, and then removes exactly those segments that were known before.
// The names of the new ones are after those of the removed ones, so that a list of several pages that lacks a removed one has
// the new ones. If another process has added segments since, Replace changes nothing: those have later lines, and would be before
// the new ones. A segment that is added meanwhile stays.
func (s *Segments) Replace(ctx context.Context, lines io.Reader) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	now, _, err := s.list(ctx)
	if err != nil {
		return err
	}
	known := make(map[string]bool, len(s.known))
	for _, object := range s.known {
		known[object.Key] = true
	}
	for _, object := range now {
		if !known[object.Key] {
			return errors.New("another process has added segments")
		}
	}
	// Without the right to remove the old ones, all lines would be stored again and again.
	if err := s.client.Delete(ctx, s.prefix+s.name(0)); err != nil {
		return err
	}
	old := len(s.known)
	if err := s.add(ctx, lines, s.last+1); err != nil {
		return err
	}
	removed := s.known[:old]
	s.known = slices.Clone(s.known[old:])
	group, within := errgroup.WithContext(ctx)
	group.SetLimit(segmentsAtOnce)
	for _, object := range removed {
		group.Go(func() error { return s.client.Delete(within, object.Key) })
	}
	return group.Wait()
}

// readLines reads lines of about segmentSize bytes together, at least one unless none is left.
func readLines(r *bufio.Reader) (content []byte, err error) {
	for len(content) < segmentSize || content[len(content)-1] != '\n' {
		part, err := r.ReadSlice('\n')
		content = append(content, part...)
		switch {
		case err == io.EOF:
			return content, nil
		case err != nil && !errors.Is(err, bufio.ErrBufferFull):
			return nil, err
		}
	}
	return content, nil
}

// PutAside moves all segments that are known to a path of their own below the prefix, where Read does not find them.
func (s *Segments) PutAside(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	aside := s.prefix + "old-" + rand.Text() + "/"
	group, within := errgroup.WithContext(ctx)
	group.SetLimit(segmentsAtOnce)
	for _, o := range s.known {
		group.Go(func() error {
			if _, err := s.client.Copy(within, o, aside+o.Key[len(s.prefix):]); err != nil {
				return err
			}
			return s.client.Delete(within, o.Key)
		})
	}
	s.known = nil
	return group.Wait()
}
