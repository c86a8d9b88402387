package bynder

import (
	"encoding/json"
	"slices"
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
		values := slices.Collect(parts(raw))
		if isArray != (kindOf(raw) == arrayKind) || len(values) != len(array) {
			t.Fatalf("%q has %d elements, want %d, %v", raw, len(values), len(array), isArray)
		}
		if values, ok := listOf(raw); ok {
			if n := len(slices.Collect(values)); n != len(array)+len(object) && object == nil {
				t.Errorf("%q is a list of %d, want %d", raw, n, len(array))
			}
		}
		for i := range array {
			if string(values[i]) != string(array[i]) {
				t.Errorf("%q: element %d is %q, want %q", raw, i, values[i], array[i])
			}
		}
	})
}
