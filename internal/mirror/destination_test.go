package mirror

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/bynder-cli/bynder/internal/download"
)

// recordOf is the record of a file of this content and time.
func recordOf(path, content string, at time.Time) *download.Result {
	size := int64(len(content))
	r := &download.Result{Portal: "p", MediaID: path, Selector: "original", Path: path, Bytes: &size, MD5: sum(content)}
	if !at.IsZero() {
		r.Listed = &download.Listed{ModTime: at, Version: 7}
	}
	return r
}

func TestDestination(t *testing.T) {
	written, other := time.Date(2024, 5, 6, 7, 8, 9, 123456789, time.UTC), time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)
	g := newRig(t)
	for _, path := range []string{"same", "copied", "x/same", "longer", "flipped", "quiet", "no time", "no md5", "no md5, copied", "folder/in it"} {
		g.write(path, "whole")
		if err := os.Chtimes(filepath.Join(g.dir, path), other, written); err != nil {
			t.Fatal(err)
		}
	}
	touch := func(path, content string, at time.Time) {
		g.write(path, content)
		if err := os.Chtimes(filepath.Join(g.dir, path), other, at); err != nil {
			t.Fatal(err)
		}
	}
	touch("copied", "whole", other)
	touch("longer", "whole and more", written)
	touch("flipped", "WHOLE", other)
	touch("quiet", "WHOLE", written)
	touch("no md5, copied", "whole", other)
	no := func(path string) *download.Result { r := recordOf(path, "whole", written); r.MD5 = ""; return r }
	unsized := recordOf("same", "whole", written)
	unsized.Bytes = nil
	d := Look(t.Context(), g.root)
	for name, tt := range map[string]struct {
		r    *download.Result
		want Standing
	}{
		"as it was written":         {recordOf("same", "whole", written), AsWritten},
		"in a folder":               {recordOf("x/same", "whole", written), AsWritten},
		"copied":                    {recordOf("copied", "whole", written), AsWritten},
		"without a recorded time":   {recordOf("no time", "whole", time.Time{}), AsWritten},
		"longer":                    {recordOf("longer", "whole", written), Edited},
		"of other bytes":            {recordOf("flipped", "whole", written), Edited},
		"of other bytes alone":      {recordOf("quiet", "whole", written), AsWritten}, // see Run: the MD5 decides before it is taken away
		"without MD5":               {no("no md5"), AsWritten},
		"without MD5, copied":       {no("no md5, copied"), Edited},
		"without a recorded size":   {unsized, Edited},
		"a folder":                  {recordOf("folder", "", written), Edited},
		"missing":                   {recordOf("missing", "whole", written), NotThere},
		"in a missing folder":       {recordOf("none/missing", "whole", written), NotThere},
		"below a file":              {recordOf("same/below", "whole", written), NotThere},
		"outside":                   {recordOf("../outside", "whole", written), Edited},
		"absolute":                  {recordOf("/etc/passwd", "whole", written), Edited},
		"of a name that is no name": {recordOf(string(make([]byte, 300)), "whole", written), Edited},
	} {
		if got := d.Stands(tt.r); got != tt.want {
			t.Errorf("%s: %v, want %v", name, got, tt.want)
		}
	}
	touched := map[string]bool{}
	for _, r := range d.Touched() {
		touched[r.Path] = true
		if want := map[string]time.Time{"copied": other, "no time": written}[r.Path]; !r.Listed.ModTime.Equal(want) {
			t.Errorf("the time of %s is %v, want %v", r.Path, r.Listed.ModTime, want)
		}
		if r.Path == "copied" && r.Listed.Version != 7 {
			t.Error("the rest of the record is lost")
		}
	}
	if diff := cmp.Diff(map[string]bool{"copied": true, "no time": true}, touched); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	for path, want := range map[string]bool{
		"same": true, "x/same": true, "x": true, "folder": true, "same/below": true, "same/far/below": true, "missing": false, "x/missing": false,
		"none/of/these": false, "../outside": true,
	} {
		if got := d.Taken(path); got != want {
			t.Errorf("Taken(%q) is %v", path, got)
		}
	}
	if err := d.Err(); err != nil {
		t.Error(err)
	}
}

// A file is read once, however often it is asked about.
func TestDestinationReadsOnce(t *testing.T) {
	g := newRig(t)
	g.write("a", "whole")
	d := Look(t.Context(), g.root)
	r := recordOf("a", "whole", time.Unix(1, 0))
	for range 3 {
		if d.Stands(r) != AsWritten {
			t.Fatal("it was not edited")
		}
	}
	if n := len(d.Touched()); n != 1 {
		t.Errorf("%d files were touched", n)
	}
}

// A stopped run does not take files for edited.
func TestDestinationIsStopped(t *testing.T) {
	stop := errors.New("stop")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(stop)
	g := newRig(t)
	g.write("a", "whole")
	d := Look(ctx, g.root)
	d.Stands(recordOf("a", "whole", time.Unix(1, 0)))
	if !errors.Is(d.Err(), stop) {
		t.Errorf("the error is %v", d.Err())
	}
}

func TestDestinationCannotLook(t *testing.T) {
	g := newRig(t)
	if err := g.root.Close(); err != nil {
		t.Fatal(err)
	}
	for _, ask := range []func(*Destination){
		func(d *Destination) { d.Stands(recordOf("a", "whole", time.Unix(1, 0))) }, func(d *Destination) { d.Taken("a") },
	} {
		d := Look(t.Context(), g.root)
		if ask(d); d.Err() == nil {
			t.Error("a closed folder was looked at")
		}
	}
}

// 50,000 unchanged files are looked at once each, and none is read.
func BenchmarkDestination(b *testing.B) {
	const files = 50_000
	dir := b.TempDir()
	root, err := os.OpenRoot(dir)
	if err != nil {
		b.Fatal(err)
	}
	defer root.Close()
	records := make([]*download.Result, files)
	for i := range records {
		path := fmt.Sprintf("2024/%02d/asset %05d.jpg", i%12, i)
		name := filepath.Join(dir, filepath.FromSlash(path))
		if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o777), os.WriteFile(name, []byte("whole"), 0o666)); err != nil {
			b.Fatal(err)
		}
		info, err := os.Lstat(name)
		if err != nil {
			b.Fatal(err)
		}
		records[i] = recordOf(path, "whole", info.ModTime())
	}
	b.ResetTimer()
	for b.Loop() {
		d := Look(b.Context(), root)
		for _, r := range records {
			if d.Stands(r) != AsWritten {
				b.Fatal("it was not edited")
			}
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/files, "ns/file")
}
