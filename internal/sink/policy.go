package sink

import (
	"cmp"
	"fmt"
	"io/fs"
	"strings"

	"github.com/bynder-cli/bynder/internal/download"
)

// IfExists is what happens to a file if a different file has its name. A file that is
// in place and identical is unchanged with each of the values.
type IfExists int

// The policies. Fail is the zero value and the default.
const (
	Fail      IfExists = iota // the new file fails as exists
	Skip                      // the old file stays, which is not a failure
	Overwrite                 // the new file replaces the old one
	Rename                    // the new file gets a key after its stem
)

var policies = []string{Fail: "fail", Skip: "skip", Overwrite: "overwrite", Rename: "rename"}

// ParseIfExists reads a policy as the command line spells it.
func ParseIfExists(s string) (IfExists, error) {
	for i, name := range policies {
		if s == name {
			return IfExists(i), nil
		}
	}
	last := len(policies) - 1
	return 0, fmt.Errorf("invalid value %q: must be %s or %s", s, strings.Join(policies[:last], ", "), policies[last])
}

// String returns the policy as the command line spells it.
func (p IfExists) String() string {
	if p < 0 || int(p) >= len(policies) {
		return fmt.Sprintf("IfExists(%d)", int(p))
	}
	return policies[p]
}

// For returns what happens if a different file has t's name: the user's choice, except that a suspect
// file replaces nothing, and that a file with Target.Replaces fails unless it replaces that.
func (p IfExists) For(t download.Target) IfExists {
	if t.Replaces != nil || p == Overwrite && t.Suspicion() != "" {
		return Fail
	}
	return p
}

// Exists returns the error of t, whose path another file has and keeps; shown is the path as the user sees it. hint
// replaces the hint about --if-exists and --name, if it is not "".
func (p IfExists) Exists(t download.Target, path, shown, hint string) error {
	advice := cmp.Or(hint, download.KeepApart(t.Listed, t.ItemID != "")+", or say what to do with --if-exists skip, overwrite or rename")
	if why := t.Suspicion(); why != "" && p.For(t) != Rename {
		return &download.Error{
			Code:   download.CodeExists,
			Path:   path,
			Err:    fmt.Errorf("%s exists and was kept, because the new file is probably not the right one: %s", shown, why),
			Advice: "look at the asset in the portal",
		}
	}
	return &download.Error{
		Code:   download.CodeExists,
		Path:   path,
		Err:    conflictError(shown + " already exists and differs"),
		Advice: advice,
	}
}

// conflictError is an fs.ErrExist with a text of its own.
type conflictError string

func (e conflictError) Error() string { return string(e) }

// Is implements the interface of errors.Is.
func (conflictError) Is(target error) bool { return target == fs.ErrExist }
