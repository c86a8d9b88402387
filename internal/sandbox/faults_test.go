package sandbox

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

func TestParseFault(t *testing.T) {
	for text, want := range map[string]Fault{
		"cut=100000,asset=ID,times=1":     {Name: "cut", Value: 100_000, Asset: "ID", Times: 1},
		"500,rate=0.01,seed=7":            {Name: "api-500", Rate: 0.01, Seed: 7},
		"slow=2M":                         {Name: "slow", Value: 2 << 20},
		"hostile-name=bidi,after=2":       {Name: "hostile-name", Text: "bidi", After: 2},
		"api-503=30,on=download":          {Name: "api-503", Value: 30, On: "download"},
		"cut=1K,on=direct":                {Name: "cut", Value: 1024, On: OnDirect},
		"api-redirect=http://evil.test":   {Name: "api-redirect", Text: "http://evil.test"},
		"storage-redirect=3":              {Name: "storage-redirect", Value: 3},
		"no-etag":                         {Name: "no-etag"},
		"clock=-600":                      {Name: "clock", Value: -600},
		"changed=1G,asset=" + LargeAsset:  {Name: "changed", Value: 1 << 30, Asset: LargeAsset},
		"api-429,on=list,times=2,after=1": {Name: "api-429", On: "list", Times: 2, After: 1},
	} {
		got, err := ParseFault(text)
		if err != nil || got != want {
			t.Errorf("%s: %+v, %v", text, got, err)
		}
	}
	for _, text := range []string{
		"", "gremlins", "cut=x", "cut=-1", "cut,times=-1", "cut,rate=2", "cut,when=now", "cut,on=list", "cut,", "cut=9223372036854775807G",
		"api-500,on=nowhere", "api-500,on=direct", "clock,times=1", "clock,asset=ID", "clock,on=list", "clock=2G", "clock=-2G", "clock=soon", "location=gopher", "999", "cut,rate=NaN",
	} {
		if f, err := ParseFault(text); err == nil {
			t.Errorf("%q: %+v, no error", text, f)
		}
	}
}

func FuzzParseFault(f *testing.F) {
	f.Add("cut=100000,asset=ID,times=1")
	f.Add("500,rate=0.01,seed=7")
	f.Fuzz(func(t *testing.T, text string) {
		fault, err := ParseFault(text)
		if err != nil {
			return
		}
		if _, err := New(Options{Faults: []Fault{fault}}); err != nil {
			t.Errorf("%q parses, yet: %v", text, err)
		}
	})
}

// Which requests a fault affects: 1 is affected, 0 is not.
func TestFaultsStrikeInOrder(t *testing.T) {
	for _, test := range []struct {
		fault Fault
		want  string
	}{
		{Fault{}, "a1 a1 b1 a1"},
		{Fault{Times: 1}, "a1 a0 b1 a0"},
		{Fault{After: 1}, "a0 a1 b0 a1"},
		{Fault{After: 1, Times: 1}, "a0 a1 a0 b0 b1"},
		{Fault{Asset: "b"}, "a0 b1 a0 b1"},
		{Fault{Asset: "b", Times: 1}, "a0 b1 a0 b0"},
		{Fault{On: "media"}, "a1 b1"},
		{Fault{On: "download"}, "a0 b0"},
	} {
		test.fault.Name = "api-500"
		s, err := New(Options{Faults: []Fault{test.fault}})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		hits := int64(0)
		for step := range strings.FieldsSeq(test.want) {
			n := len(s.faults.match(OnAPI, "media", step[:1], step[:1]))
			hits += int64(n)
			got = append(got, fmt.Sprint(step[:1], n))
		}
		check(t, fmt.Sprintf("%+v", test.fault), strings.Join(got, " "), test.want)
		check(t, "counted", s.Stats().Faults["api-500"], hits)
	}
}

func TestFaultRateIsADeterministicShare(t *testing.T) {
	f := Fault{Name: "cut", Rate: 0.1, Seed: 7}
	s, err := New(Options{Faults: []Fault{f}})
	if err != nil {
		t.Fatal(err)
	}
	chosen := 0
	for i := range 5000 {
		id := numberedID(assetSalt, uint64(i))
		affected := len(s.faults.match(OnStorage, "", id, id)) == 1
		if affected != f.Selects(id) {
			t.Fatal("Selects is wrong about", id)
		}
		if affected {
			chosen++
		}
	}
	if chosen < 400 || chosen > 600 {
		t.Errorf("%d of 5000 chosen at a rate of 0.1", chosen)
	}
	lists := 0
	s, err = New(Options{Faults: []Fault{{Name: "api-500", Rate: 0.1}}})
	if err != nil {
		t.Fatal(err)
	}
	for range 5000 {
		lists += len(s.faults.match(OnAPI, "list", "", "list"))
	}
	if lists < 400 || lists > 600 {
		t.Errorf("%d of 5000 lists at a rate of 0.1", lists)
	}
}

func TestFaultsOfTheAPITakeTurns(t *testing.T) {
	c := start(t, Options{Faults: []Fault{{Name: "api-500", Times: 1}, {Name: "api-502", Times: 2}}})
	for _, want := range []int{500, 502, 502, 200} {
		check(t, "status", c.api("/api/v4/media/"+DocumentedAsset+"/").StatusCode, want)
	}
}

func TestSetFaultsStartsAnew(t *testing.T) {
	c := start(t, Options{Faults: []Fault{{Name: "api-500", Times: 1}}})
	path := "/api/v4/currentUser/"
	check(t, "first", c.api(path).StatusCode, 500)
	check(t, "second", c.api(path).StatusCode, 200)
	if err := c.SetFaults(Fault{Name: "api-500", Times: 1}); err != nil {
		t.Fatal(err)
	}
	check(t, "set again", c.api(path).StatusCode, 500)
	if err := c.SetFaults(Fault{Name: "x"}); err == nil {
		t.Error("no error")
	}
	if err := errors.Join(c.SetFaults()); err != nil {
		t.Fatal(err)
	}
	check(t, "none", c.api(path).StatusCode, 200)
}
