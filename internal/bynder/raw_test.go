package bynder

import (
	"encoding/json"
	"testing"
)

// What a value is cut into is what encoding/json finds in it.
func FuzzCut(f *testing.F) {
	for _, seed := range []string{
		`{}`, `[]`, ` { "a" : 1 , "b":[ 1 ,{"c":"]}"} ] ,"a":"\"\\" , "\u00e9é":null}`, `[1 , -2.5e3	,true,"x,]",[[]],{"}":"{"} ]`,
		`"a"`, ` 17 `, `null`, "{\"\xff\":\"\xfe\"}", `["\ud800"]`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		if !json.Valid(raw) {
			return
		}
		var object map[string]json.RawMessage
		if json.Unmarshal(raw, &object) != nil {
			object = nil
		}
		got := map[string]json.RawMessage{}
		for name, value := range members(raw) {
			got[name] = value
		}
		if len(got) != len(object) {
			t.Fatalf("%q has %d members, want %d", raw, len(got), len(object))
		}
		for name, want := range object {
			if string(got[name]) != string(want) {
				t.Errorf("%q: member %q is %q, want %q", raw, name, got[name], want)
			}
		}
		var array []json.RawMessage
		isArray := json.Unmarshal(raw, &array) == nil && array != nil
		values, ok := parts(raw)
		if ok != isArray || len(values) != len(array) {
			t.Fatalf("%q has %d elements, %v; want %d, %v", raw, len(values), ok, len(array), isArray)
		}
		for i := range array {
			if string(values[i]) != string(array[i]) {
				t.Errorf("%q: element %d is %q, want %q", raw, i, values[i], array[i])
			}
		}
	})
}
