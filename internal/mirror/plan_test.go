package mirror

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bynder-cli/bynder/internal/download"
	"github.com/bynder-cli/bynder/internal/naming"
)

// planCases are the promises of sync, as far as they are about a plan.
var planCases = []planCase{
	// What is new, missing, unchanged.
	{name: "a new file is fetched", list: "A a.jpg", want: "+ a.jpg"},
	{name: "a file that is in place is left alone", list: "A a.jpg v1", state: "A a.jpg v1"},
	{name: "a file that is missing is fetched again", list: "A a.jpg", state: "A a.jpg", folder: "-a.jpg", want: "+ a.jpg"},
	{name: "a file that is missing and was renamed is fetched", list: "A b.jpg", state: "A a.jpg", folder: "-a.jpg", want: "+ b.jpg"},
	{name: "an empty list is no news", state: "A a.jpg", with: "delete A=deleted"},
	{name: "an asset that is listed twice is one file", list: "A a.jpg v1; A b.jpg v2", want: "+ b.jpg"},
	{name: "an id that is spelled otherwise", list: "AA-b a.jpg v2; C c.jpg", state: "aaB a.jpg v1; C c.jpg", with: "delete aaB=deleted", want: "~ a.jpg"},
	{name: "… of several files, and a rename", list: "AA b.jpg; AA b.png d:web", state: "aa a.jpg; aa b.png d:web", want: "> a.jpg -> b.jpg"},
	{name: "several files of an asset", list: "A a.jpg d:web; A a.png d:mini", state: "A a.png d:mini", want: "+ a.jpg"},
	{name: "what there is no file of fails", list: "A a.jpg err", want: "fail a.jpg: not_found"},
	{name: "… and one that is in place stays", list: "A a.jpg err", state: "A a.jpg", with: "delete", want: "fail a.jpg: not_found"},
	{name: "… and its path is not given away", list: "A a.jpg err; B a.jpg", state: "A a.jpg", want: "fail a.jpg: not_found; + a-B.jpg"},
	{name: "… but if it is not in place, it is", list: "A a.jpg err; B a.jpg", want: "fail a.jpg: not_found; + a.jpg"},

	// What counts as changed.
	{name: "another version", list: "A a.jpg v2", state: "A a.jpg v1", want: "~ a.jpg"},
	{name: "another size", list: "A a.jpg s2", state: "A a.jpg s1", want: "~ a.jpg"},
	{name: "another size of the same version", list: "A a.jpg v1 s2", state: "A a.jpg v1 s1", want: "~ a.jpg"},
	{name: "a size of 0 is told", list: "A a.jpg s0", state: "A a.jpg s1", want: "~ a.jpg"},
	{name: "another URL where neither version nor size is told", list: "A a.jpg u2", state: "A a.jpg u1", want: "~ a.jpg"},
	{name: "another URL of the same version", list: "A a.jpg v1 u2", state: "A a.jpg v1 u1"},
	{name: "another URL of the same size, without a version", list: "A a.jpg s1 u2", state: "A a.jpg s1 u1", want: "~ a.jpg"},
	{name: "… and of the same version", list: "A a.jpg v1 s1 u2", state: "A a.jpg v1 s1 u1"},
	{name: "… and the version is not told any more", list: "A a.jpg s1 u2", state: "A a.jpg v1 s1 u1", want: "~ a.jpg"},
	{name: "the same size and URL, without a version", list: "A a.jpg s1 u1", state: "A a.jpg s1 u1"},
	{name: "a version that was not told before", list: "A a.jpg v1", state: "A a.jpg", want: "note a.jpg"},
	{name: "a version that is not told any more", list: "A a.jpg s1", state: "A a.jpg v1 s1"},
	{name: "a version of now and a size of before: the URL", list: "A a.jpg v1 u2", state: "A a.jpg s1 u1", want: "~ a.jpg"},
	{name: "nothing is told", list: "A a.jpg", state: "A a.jpg"},
	{name: "a derivative: another URL", list: "A a.jpg d:web u2", state: "A a.jpg d:web u1", want: "~ a.jpg"},
	{name: "a derivative: another version alone", list: "A a.jpg d:web v2 s2 u1", state: "A a.jpg d:web v1 s1 u1"},
	{name: "a derivative: another choice", list: "A a.jpg d:web,mini x:web", state: "A a.jpg d:web,mini x:mini", want: "~ a.jpg"},
	{name: "an original in place of a derivative", list: "A a.jpg d:web,original x:original v2", state: "A a.jpg d:web,original x:original v1", want: "~ a.jpg"},
	{name: "the same, which has not changed", list: "A a.jpg d:web,original x:original v2 u2", state: "A a.jpg d:web,original x:original v2 u1"},
	{name: "an original that is asked for like a derivative", list: "A a.jpg d:original s2", state: "A a.jpg d:original s1", want: "~ a.jpg"},
	{name: "a transformation: another URL", list: "A a.jpg t:w=9 u2", state: "A a.jpg t:w=9 u1", want: "~ a.jpg"},
	{name: "a newer date alone", list: "A a.jpg v1 m2", state: "A a.jpg v1 m1"},

	// Renames.
	{name: "a rename is a rename", list: "A b.jpg v1", state: "A a.jpg v1", want: "> a.jpg -> b.jpg"},
	{name: "into a folder", list: "A d/a.jpg", state: "A a.jpg", want: "> a.jpg -> d/a.jpg"},
	{name: "with a new version", list: "A b.jpg v2", state: "A a.jpg v1", want: "> a.jpg -> b.jpg; ~ b.jpg"},
	{name: "a chain is moved from its end", list: "A b.jpg; B c.jpg; C d.jpg", state: "A a.jpg; B b.jpg; C c.jpg", want: "> c.jpg -> d.jpg; > b.jpg -> c.jpg; > a.jpg -> b.jpg"},
	{name: "two swap their names", list: "A b.jpg; B a.jpg", state: "A a.jpg; B b.jpg", want: ">> a.jpg -> b.jpg; > b.jpg -> a.jpg"},
	{name: "three in a circle, with what waits for it", list: "A b.jpg; B c.jpg; C a.jpg; D d.jpg", state: "A a.jpg; B b.jpg; C c.jpg; D e.jpg", want: ">> a.jpg -> b.jpg; > e.jpg -> d.jpg; > c.jpg -> a.jpg; > b.jpg -> c.jpg"},
	{name: "a swap with new versions", list: "A b.jpg v2; B a.jpg v2", state: "A a.jpg v1; B b.jpg v1", want: ">> a.jpg -> b.jpg; > b.jpg -> a.jpg; ~ b.jpg; ~ a.jpg"},
	{name: "case alone", list: "A A.jpg", state: "A a.jpg", want: ">> a.jpg -> A.jpg"},
	{name: "case alone, where case is nothing", list: "A A.jpg", state: "A a.jpg", with: "folds", want: ">> a.jpg -> A.jpg"},
	{name: "normalization alone", list: "A \u00e9.jpg", state: "A e\u0301.jpg", want: ">> e\u0301.jpg -> \u00e9.jpg"},
	{name: "a swap of names that differ in case from the new ones", list: "A B.jpg; B A.jpg", state: "A a.jpg; B b.jpg", want: ">> a.jpg -> B.jpg; > b.jpg -> A.jpg"},
	{name: "a new file has the name that another one leaves", list: "A b.jpg; B a.jpg", state: "A a.jpg", want: "> a.jpg -> b.jpg; + a.jpg"},
	{name: "a file becomes a folder of its new path", list: "A a/b.jpg", state: "A a", want: ">> a -> a/b.jpg"},
	{name: "a file makes room for a folder", list: "A b; B a/b.jpg", state: "A a", want: "> a -> b; + a/b.jpg"},
	{name: "a file gets the path of the folder that it leaves", list: "A a", state: "A a/b.jpg", want: ">> a/b.jpg -> a"},
	{name: "… which others leave, too, before it", list: "A a; B b.jpg; C c.jpg", state: "A x; B a/b.jpg; C a/d/c.jpg", want: "> a/b.jpg -> b.jpg; > a/d/c.jpg -> c.jpg; > x -> a"},
	{name: "… and so does a new file", list: "A a; B b.jpg", state: "B a/b.jpg", want: "> a/b.jpg -> b.jpg; + a"},
	{name: "… but not if one of them stays", list: "A a; B a/b.jpg; C c.jpg", state: "A x; B a/b.jpg; C a/c.jpg", want: "> x -> a-A; > a/c.jpg -> c.jpg"},
	{name: "… because it cannot leave", list: "A a; B b.jpg", state: "A x; B a/b.jpg", folder: "b.jpg", want: "> x -> a-A; keep a/b.jpg: exists"},
	{name: "… or was edited", list: "A a; B b.jpg", state: "A x; B a/b.jpg", folder: "a/b.jpg", want: "> x -> a-A; keep a/b.jpg: exists"},
	{name: "… or is in the folder in its new path", list: "A a c1; B a/b.jpg c2", state: "A a-A; B a/b-B.jpg", want: "> a/b-B.jpg -> a/b.jpg"},
	{name: "… nor if it has a file that sync has not written", list: "A a; B b.jpg", state: "A x; B a/b.jpg", folder: "a/mine", want: "> x -> a-A; > a/b.jpg -> b.jpg"},
	{name: "… nor if another file is missing in it", list: "A a; B a/b.jpg", state: "A a/x; B a/b.jpg", folder: "-a/b.jpg", want: "> a/x -> a-A; + a/b.jpg"},
	{name: "… and its own path may be at the place of a folder that is left", list: "A a; B a-A", state: "A x; B a-A/b", want: ">> a-A/b -> a-A; > x -> a"},
	{name: "what a killed run left in .bynder goes on", list: "A b.jpg", state: "A .bynder/moving-1", want: "> .bynder/moving-1 -> b.jpg"},
	{name: "… and does not stay there for another file's sake", list: "A b.jpg", state: "A .bynder/moving-1", folder: "b.jpg", want: "> .bynder/moving-1 -> b-A.jpg"},

	// Two files of one path.
	{name: "the older asset has it", list: "A a.jpg c2; B a.jpg c1", want: "+ a-A.jpg; + a.jpg"},
	{name: "one without a date is the younger", list: "A a.jpg; B a.jpg c1", want: "+ a-A.jpg; + a.jpg"},
	{name: "then the id decides", list: "B a.jpg c1; A a.jpg c1", want: "+ a.jpg; + a-B.jpg"},
	{name: "who has it keeps it", list: "A a.jpg c1; B a.jpg c2", state: "B a.jpg", want: "+ a-A.jpg"},
	{name: "… also if it is missing", list: "A a.jpg c1; B a.jpg c2", state: "B a.jpg", folder: "-a.jpg", want: "+ a-A.jpg; + a.jpg"},
	{name: "… also if it was edited", list: "A a.jpg c1; B a.jpg c2", state: "B a.jpg", folder: "a.jpg", want: "+ a-A.jpg"},
	{name: "in another case", list: "A a.jpg; B A.JPG", want: "+ a.jpg; + A-B.JPG"},
	{name: "in another normalization", list: "A \u00e9.jpg; B e\u0301.jpg", want: "+ \u00e9.jpg; + \u00e9-B.jpg"},
	{name: "a rename to a name that is taken", list: "A a.jpg; B a.jpg", state: "A a.jpg; B b.jpg", want: "> b.jpg -> a-B.jpg"},
	{name: "a file stays at its KEY while its path is not free", list: "A a.jpg; B a.jpg", state: "A a.jpg; B a-B.jpg"},
	{name: "… also if the other one is missing", list: "A a.jpg; B a.jpg", state: "A a.jpg; B a-B.jpg", folder: "-a.jpg", want: "+ a.jpg"},
	{name: "… and gets its new version there", list: "A a.jpg; B a.jpg v2", state: "A a.jpg; B a-B.jpg v1", want: "~ a-B.jpg"},
	{name: "it returns to its path when that is free", list: "A b.jpg; B a.jpg", state: "A a.jpg; B a-B.jpg", want: "> a.jpg -> b.jpg; > a-B.jpg -> a.jpg"},
	{name: "… unless an older asset wants it too", list: "B a.jpg c2; C a.jpg c1", state: "B a-B.jpg", want: "+ a.jpg"},
	{name: "a KEY that is another asset's name", list: "A a.jpg; B a.jpg; C a-B.jpg", state: "A a.jpg; B a-B.jpg", want: "+ a-B-C.jpg"},
	{name: "… which the other one had first", list: "A a.jpg; B a.jpg; C a-B.jpg", state: "A a.jpg; C a-B.jpg", want: "fail a.jpg: exists"},
	{name: "a name that changes in case at its KEY", list: "A a.jpg; B A.jpg", state: "A a.jpg; B a-B.jpg", want: ">> a-B.jpg -> A-B.jpg"},
	{name: "two derivatives of one name", list: "A a.jpg d:web; A a.jpg d:mini", want: "+ a.jpg; + a-A-web.jpg"},
	{name: "a file against a folder: the older asset", list: "A a c1; B a/b c2", want: "+ a; fail a/b: exists"},
	{name: "a folder against a file: the older asset", list: "A a c2; B a/b c1", want: "+ a-A; + a/b"},

	// Files that sync has not written.
	{name: "a new file does not replace one", list: "A a.jpg", folder: "a.jpg", want: "fail a.jpg: exists"},
	{name: "… nor by a rename", list: "A b.jpg", state: "A a.jpg", folder: "b.jpg", want: "keep a.jpg: exists"},
	{name: "… and a new version comes all the same", list: "A b.jpg v2", state: "A a.jpg v1", folder: "b.jpg", want: "~ a.jpg; keep a.jpg: exists"},
	{name: "a file at its KEY says nothing about it", list: "A a.jpg", state: "A a-A.jpg", folder: "a.jpg"},
	{name: "… and in .bynder there is no file but sync's", list: "A .bynder/a.jpg; B .BYNDER/b.jpg", want: "fail .bynder/a.jpg: usage; fail .BYNDER/b.jpg: usage"},
	{name: "… by its short name on Windows, neither", list: "A BYNDER~1/a.jpg; B bynder~2/a.jpg; C BY0F3A~1/a; D bynder~1.jpg; E bynder/a", want: "fail BYNDER~1/a.jpg: usage; fail bynder~2/a.jpg: usage; fail BY0F3A~1/a: usage; + bynder~1.jpg; + bynder/a"},
	{name: "one at the KEY", list: "A a.jpg; B a.jpg", state: "A a.jpg", folder: "a-B.jpg", want: "fail a.jpg: exists"},
	{name: "one at the KEY of a renamed file", list: "A a.jpg; B a.jpg", state: "A a.jpg; B b.jpg", folder: "a-B.jpg", want: "keep b.jpg: exists"},
	{name: "one where a folder should be", list: "A a/b.jpg", folder: "a", want: "fail a/b.jpg: exists"},
	{name: "a folder where a file should be", list: "A a", folder: "a/b.jpg", want: "fail a: exists"},
	{name: "who cannot move keeps its path, and others give way", list: "A b.jpg; B c.jpg", state: "A a.jpg; B b.jpg", folder: "c.jpg", want: "> a.jpg -> b-A.jpg; keep b.jpg: exists"},
	{name: "… and others in turn", list: "A b.jpg; B c.jpg; C a.jpg", state: "A a.jpg; B b.jpg", folder: "c.jpg; b-A.jpg", want: "+ a-C.jpg; keep a.jpg: exists; keep b.jpg: exists"},
	{name: "a missing file whose path has become a folder", list: "A a", state: "A a", folder: "-a; a/b.jpg", want: "keep a: exists"},
	{name: "… or a link", list: "A a.jpg; B b.jpg", state: "A a.jpg; B b.jpg", folder: "@a.jpg", with: "delete", want: "keep a.jpg: exists"},
	{name: "… at its KEY", list: "A a.jpg; B a.jpg", state: "A a.jpg; B a-B.jpg", folder: "@a-B.jpg", want: "keep a-B.jpg: exists"},
	{name: "… whose asset is gone", list: "B b.jpg", state: "A a.jpg; B b.jpg", folder: "@a.jpg", with: "delete A=deleted", want: "close a.jpg"},

	{name: "one whose name differs in case, where that is another file", list: "A A.jpg", state: "A a.jpg", folder: "A.jpg", want: "keep a.jpg: exists"},
	{name: "… and at the KEY", list: "A a.jpg; B A.jpg", state: "A a.jpg; B a-B.jpg", folder: "A-B.jpg"},
	{name: "… and of a folder of the path", list: "A D/a.jpg; B b.jpg", state: "B d", folder: "D", want: "> d -> b.jpg; fail D/a.jpg: exists"},

	// Files that were edited.
	{name: "an edited file is left alone", list: "A a.jpg v1", state: "A a.jpg v1", folder: "a.jpg"},
	{name: "… and kept if there is another version", list: "A a.jpg v2", state: "A a.jpg v1", folder: "a.jpg", want: "keep a.jpg: exists"},
	{name: "… and not renamed", list: "A b.jpg", state: "A a.jpg", folder: "a.jpg", want: "keep a.jpg: exists"},
	{name: "… in case alone, neither", list: "A A.jpg", state: "A a.jpg", folder: "a.jpg", want: "keep a.jpg: exists"},
	{name: "… and both is said once", list: "A b.jpg v2", state: "A a.jpg v1", folder: "a.jpg", want: "keep a.jpg: exists"},
	{name: "at its KEY nothing is said", list: "A a.jpg; B a.jpg", state: "A a.jpg; B a-B.jpg", folder: "a-B.jpg"},
	{name: "… until its path is free", list: "A b.jpg; B a.jpg", state: "A b.jpg; B a-B.jpg", folder: "a-B.jpg", want: "keep a-B.jpg: exists"},
	{name: "a new file does not get the path of one that was renamed", list: "A b.jpg; B a.jpg", state: "A a.jpg", folder: "a.jpg", want: "+ a-B.jpg; keep a.jpg: exists"},
	{name: "a swap with an edited file", list: "A b.jpg; B a.jpg", state: "A a.jpg; B b.jpg", folder: "b.jpg", want: "> a.jpg -> b-A.jpg; keep b.jpg: exists"},

	// Deletions.
	{name: "without --delete a gone file stays", list: "B b.jpg", state: "A a.jpg; B b.jpg"},
	{name: "… whatever is known of it", list: "B b.jpg", state: "A a.jpg; B b.jpg", with: "A=deleted"},
	{name: "deleted", list: "B b.jpg", state: "A a.jpg; B b.jpg", with: "delete A=deleted", want: "- a.jpg (deleted)"},
	{name: "hidden", list: "B b.jpg", state: "A a.jpg; B b.jpg", with: "delete A=hidden", want: "- a.jpg (hidden)"},
	{name: "left", list: "B b.jpg", state: "A a.jpg; B b.jpg", with: "delete A=left", want: "- a.jpg (left)"},
	{name: "not confirmed", list: "B b.jpg", state: "A a.jpg; B b.jpg", with: "delete", want: "keep a.jpg: protocol"},
	{name: "all files of an asset", list: "B b.jpg", state: "A a.jpg d:web; A a.png d:mini; B b.jpg", with: "delete A=deleted", want: "- a.png (deleted); - a.jpg (deleted)"},
	{name: "as many as may be", list: "C c.jpg", state: "A a.jpg; B b.jpg; C c.jpg", with: "delete=2 A=deleted B=left", want: "- a.jpg (deleted); - b.jpg (left)"},
	{name: "more than may be: none", list: "C c.jpg v2", state: "A a.jpg; B b.jpg; C c.jpg v1", with: "delete=1 A=deleted B=left", want: "~ c.jpg"},
	{name: "only files that are there count", list: "C c.jpg", state: "A a.jpg; B b.jpg; C c.jpg", folder: "-b.jpg", with: "delete=1 A=deleted B=left", want: "close b.jpg; - a.jpg (deleted)"},
	{name: "an edited file is given up", list: "B b.jpg", state: "A a.jpg; B b.jpg", folder: "a.jpg", with: "delete A=deleted", want: "close a.jpg"},
	{name: "… but only if its asset is gone", list: "B b.jpg", state: "A a.jpg; B b.jpg", folder: "a.jpg", with: "delete", want: "keep a.jpg: protocol"},
	{name: "… and without --delete nothing is known of that", list: "B b.jpg", state: "A a.jpg; B b.jpg", folder: "a.jpg"},
	{name: "a missing file is given up", list: "B b.jpg", state: "A a.jpg; B b.jpg", folder: "-a.jpg", with: "delete", want: "close a.jpg"},
	{name: "another selection's file of a listed asset stays", list: "A a.png d:mini", state: "A a.jpg; A a.png d:mini", with: "delete A=deleted"},
	{name: "… and has its path", list: "A a.jpg d:mini", state: "A a.jpg", with: "delete", want: "+ a-A-mini.jpg"},
	{name: "… and is given up if it is missing", list: "A a.jpg d:mini", state: "A a.jpg", folder: "-a.jpg", want: "+ a.jpg; close a.jpg"},
	{name: "an asset that came back", list: "A a.jpg; B b.jpg", state: "A a.jpg; B b.jpg", with: "delete A=deleted"},

	// A new asset under the name of one that is gone.
	{name: "it is replaced at once", list: "B a.jpg", state: "A a.jpg", with: "delete A=deleted", want: "~ a.jpg, - a.jpg (deleted)"},
	{name: "… in another case", list: "B A.jpg", state: "A a.jpg", with: "delete A=left", want: "~ A.jpg, - a.jpg (left)"},
	{name: "… by a file that is renamed", list: "B a.jpg", state: "A a.jpg; B b.jpg", with: "delete A=deleted", want: "> b.jpg -> a.jpg, - a.jpg (deleted)"},
	{name: "… by a file that was at its KEY", list: "B a.jpg", state: "A a.jpg; B a-B.jpg", with: "delete A=deleted", want: "> a-B.jpg -> a.jpg, - a.jpg (deleted)"},
	{name: "… by the older of two", list: "B a.jpg c2; C a.jpg c1", state: "A a.jpg", with: "delete A=deleted", want: "+ a-B.jpg; ~ a.jpg, - a.jpg (deleted)"},
	{name: "… in a swap with one that stays", list: "B a.jpg; C b.jpg", state: "A a.jpg; B b.jpg", with: "delete A=deleted", want: "> b.jpg -> a.jpg, - a.jpg (deleted); + b.jpg"},
	{name: "… and counted", list: "C a.jpg", state: "A a.jpg; B b.jpg", with: "delete=1 A=deleted B=deleted", want: "+ a-C.jpg"},
	{name: "without --delete it gets its KEY", list: "B a.jpg", state: "A a.jpg", with: "A=deleted", want: "+ a-B.jpg"},
	{name: "not confirmed", list: "B a.jpg", state: "A a.jpg", with: "delete", want: "+ a-B.jpg; keep a.jpg: protocol"},
	{name: "edited", list: "B a.jpg", state: "A a.jpg", folder: "a.jpg", with: "delete A=deleted", want: "fail a.jpg: exists; close a.jpg"},
	{name: "edited and not confirmed", list: "B a.jpg", state: "A a.jpg", folder: "a.jpg", want: "+ a-B.jpg"},
	{name: "missing", list: "B a.jpg", state: "A a.jpg", folder: "-a.jpg", want: "+ a.jpg; close a.jpg"},
	{name: "a file where a folder should be is removed first", list: "B a/b.jpg; C a/c.jpg", state: "A a", with: "delete A=deleted", want: "-- a (deleted); + a/b.jpg; + a/c.jpg"},
	{name: "… also for a file that is renamed", list: "B a/b.jpg", state: "A a; B b.jpg", with: "delete A=deleted", want: "-- a (deleted); > b.jpg -> a/b.jpg"},
	{name: "… but not without a verdict", list: "B a/b.jpg", state: "A a", with: "delete", want: "fail a/b.jpg: exists; keep a: protocol"},
	{name: "… and one in a folder where a file should be", list: "B a; C c.jpg", state: "A a/a.jpg; C a/c.jpg; D a/d/d.jpg; E e.jpg", with: "delete A=deleted D=left E=left", want: "-- a/a.jpg (deleted); -- a/d/d.jpg (left); > a/c.jpg -> c.jpg; + a; - e.jpg (left)"},
	{name: "… without --delete it stays", list: "B a", state: "A a/a.jpg", want: "+ a-B"},
	{name: "… and so it does if there are too many", list: "B a", state: "A a/a.jpg; C c.jpg", with: "delete=1 A=deleted C=deleted", want: "+ a-B"},
	{name: "… and one whose metadata have the path", list: "B a.jpg.metadata.json", state: "A a.jpg meta; B x", with: "delete A=deleted", want: "-- a.jpg (deleted); > x -> a.jpg.metadata.json"},
	{name: "… unless they were edited", list: "B a.jpg.metadata.json", state: "A a.jpg meta; B x", folder: "a.jpg.metadata.json", with: "delete A=deleted", want: "keep a.jpg.metadata.json: exists; keep x: exists; - a.jpg (deleted)"},
	{name: "… and one that has the path of metadata", list: "B a.jpg; C c.jpg", state: "A a.jpg.metadata.json; B a.jpg; C x", with: "metadata delete A=deleted", want: "-- a.jpg.metadata.json (deleted); > x -> c.jpg; metadata a.jpg; metadata c.jpg"},
	{name: "… also if another file gets its path, and has none", list: "B a.jpg; C a.jpg.metadata.json", state: "A a.jpg meta; C x", with: "delete A=deleted", want: "-- a.jpg (deleted); > x -> a.jpg.metadata.json; + a.jpg"},

	// --accept-changes.
	{name: "another portal's records are closed", list: "A a.jpg", state: "A b.jpg other:; C c.jpg other:", with: "delete C=deleted A=deleted", want: "+ a.jpg; close b.jpg; close c.jpg"},
	{name: "… and their files are not replaced", list: "A a.jpg", state: "A a.jpg other:", want: "fail a.jpg: exists; close a.jpg"},
	{name: "… but taken, if asked for", list: "A a.jpg", state: "A a.jpg other:", with: "adopt", want: "adopt a.jpg; close a.jpg"},

	// --adopt.
	{name: "a file in place is taken as it is", list: "A a.jpg; B b.jpg", folder: "a.jpg", with: "adopt", want: "+ b.jpg; adopt a.jpg"},
	{name: "… for the older asset", list: "A a.jpg c2; B a.jpg c1", folder: "a.jpg", with: "adopt", want: "+ a-A.jpg; adopt a.jpg"},
	{name: "… and at the KEY for the other", list: "A a.jpg; B a.jpg", folder: "a.jpg; a-B.jpg", with: "adopt", want: "adopt a.jpg; adopt a-B.jpg"},
	{name: "… which has no file at its path", list: "A a.jpg", folder: "a-A.jpg", with: "adopt", want: "+ a.jpg"},
	{name: "an edited file is taken as it is", list: "A a.jpg v2", state: "A a.jpg v1", folder: "a.jpg", with: "adopt", want: "adopt a.jpg"},
	{name: "… and renamed in the next run", list: "A b.jpg", state: "A a.jpg", folder: "a.jpg", with: "adopt", want: "adopt a.jpg; keep a.jpg: exists"},
	{name: "… also if that differs in case alone", list: "A A.jpg", state: "A a.jpg", folder: "a.jpg", with: "adopt", want: "adopt a.jpg; keep a.jpg: exists"},
	{name: "… also where case is nothing", list: "A A.jpg", state: "A a.jpg", folder: "a.jpg", with: "adopt folds", want: "adopt a.jpg; keep a.jpg: exists"},
	{name: "a file that was renamed by hand, too", list: "A b.jpg", state: "A a.jpg", folder: "-a.jpg; b.jpg", with: "adopt", want: "adopt b.jpg"},
	{name: "no second file of one that is in place", list: "A b.jpg", state: "A a.jpg", folder: "b.jpg", with: "adopt", want: "keep a.jpg: exists"},
	{name: "an edited file whose asset is gone is not", list: "B b.jpg", state: "A a.jpg; B b.jpg", folder: "a.jpg", with: "adopt delete A=deleted", want: "close a.jpg"},
	{name: "a link is not taken", list: "A a.jpg; B b.jpg", folder: "@a.jpg", with: "adopt", want: "fail a.jpg: exists; + b.jpg"},
	{name: "… nor a folder", list: "A a.jpg", folder: "a.jpg/b", with: "adopt", want: "fail a.jpg: exists"},
	{name: "… nor a path below a file", list: "A a/b.jpg", folder: "a", with: "adopt", want: "fail a/b.jpg: exists"},
	{name: "… nor one in place of an edited file", list: "A a.jpg v1", state: "A a.jpg v1", folder: "@a.jpg", with: "adopt", want: "keep a.jpg: exists"},
	{name: "… of which there is a new version", list: "A a.jpg v2", state: "A a.jpg v1", folder: "@a.jpg", with: "adopt", want: "keep a.jpg: exists"},
	{name: "… nor at the KEY", list: "A a.jpg; B a.jpg", folder: "a.jpg; @a-B.jpg", with: "adopt", want: "fail a.jpg: exists; adopt a.jpg"},
	{name: "nothing is taken in .bynder", list: "A .bynder/a.jpg", folder: ".bynder/a.jpg", with: "adopt", want: "fail .bynder/a.jpg: usage"},

	// --metadata.
	{name: "none is asked for", list: "A a.jpg m2", state: "A a.jpg m1"},
	{name: "a new file has it with it", list: "A a.jpg m1", with: "metadata", want: "+ a.jpg"},
	{name: "there was none", list: "A a.jpg m1", state: "A a.jpg m1", with: "metadata", want: "metadata a.jpg"},
	{name: "unchanged", list: "A a.jpg m1", state: "A a.jpg m1 meta", with: "metadata"},
	{name: "changed, and nothing is fetched", list: "A a.jpg v1 m2", state: "A a.jpg v1 m1 meta", with: "metadata", want: "metadata a.jpg"},
	{name: "missing", list: "A a.jpg", state: "A a.jpg meta", folder: "-a.jpg.metadata.json", with: "metadata", want: "metadata a.jpg"},
	{name: "with the file", list: "A a.jpg v2 m2", state: "A a.jpg v1 m1 meta", with: "metadata", want: "~ a.jpg"},
	{name: "renamed", list: "A b.jpg m1", state: "A a.jpg m1 meta", with: "metadata", want: "> a.jpg -> b.jpg"},
	{name: "renamed and changed", list: "A b.jpg m2", state: "A a.jpg m1 meta", with: "metadata", want: "> a.jpg -> b.jpg; metadata b.jpg"},
	{name: "of an edited file it is sync's still", list: "A a.jpg m2", state: "A a.jpg m1 meta", folder: "a.jpg", with: "metadata", want: "metadata a.jpg"},
	{name: "… but not of a version that is not in place", list: "A a.jpg v2 m2", state: "A a.jpg v1 m1 meta", folder: "a.jpg", with: "metadata", want: "keep a.jpg: exists"},
	{name: "of a file that cannot move", list: "A b.jpg m2", state: "A a.jpg m1 meta", folder: "b.jpg", with: "metadata", want: "metadata a.jpg; keep a.jpg: exists"},
	{name: "of a file at its KEY", list: "A a.jpg m2; B a.jpg", state: "A a-A.jpg m1 meta; B a.jpg meta", with: "metadata", want: "metadata a-A.jpg"},
	{name: "an asset of the name that the metadata of another would have", list: "A a.jpg c1; B a.jpg.metadata.json c2", with: "metadata", want: "+ a.jpg; + a.jpg.metadata-B.json"},
	{name: "… which is the older", list: "A a.jpg c2; B A.JPG.metadata.json c1", with: "metadata", want: "+ a-A.jpg; + A.JPG.metadata.json"},
	{name: "… without --metadata", list: "A a.jpg c1; B a.jpg.metadata.json c2", want: "+ a.jpg; + a.jpg.metadata.json"},
	{name: "… whose file makes room", list: "A b.jpg; B a.jpg.metadata.json", state: "A a.jpg meta; B a.jpg.metadata-B.json meta", with: "metadata", want: "> a.jpg -> b.jpg; > a.jpg.metadata-B.json -> a.jpg.metadata.json"},
	{name: "… and another name of itself", list: "A a.jpg.metadata.json", state: "A a.jpg meta", with: "metadata", want: ">> a.jpg -> a.jpg.metadata.json"},
	{name: "… in another case", list: "A b.jpg; B A.jpg.metadata.json", state: "A a.jpg meta; B x", with: "metadata folds", want: "> a.jpg -> b.jpg; > x -> A.jpg.metadata.json; metadata A.jpg.metadata.json"},
	{name: "… without --metadata", list: "A b.jpg; B a.jpg.metadata.json", state: "A a.jpg meta; B x", want: "> a.jpg -> b.jpg; > x -> a.jpg.metadata.json"},
	{name: "… and a new file", list: "A b.jpg; B a.jpg.metadata.json", state: "A a.jpg meta", with: "metadata", want: "> a.jpg -> b.jpg; + a.jpg.metadata.json"},
	{name: "… which is missing, and fetched elsewhere", list: "A b.jpg; B a.jpg.metadata.json", state: "A a.jpg meta", folder: "-a.jpg", with: "metadata", want: "+ b.jpg; + a.jpg.metadata.json"},
	{name: "… which is missing, of an asset that is gone", list: "B a.jpg.metadata.json", state: "A a.jpg meta", folder: "-a.jpg", want: "+ a.jpg.metadata.json; close a.jpg"},
	{name: "… which is missing, in a folder that a file replaces", list: "B a", state: "A a/a.jpg meta", folder: "-a/a.jpg", want: "+ a; close a/a.jpg"},
	{name: "… whose file cannot make room", list: "A b.jpg; B a.jpg.metadata.json", state: "A a.jpg meta; B x", folder: "b.jpg", want: "> x -> a.jpg.metadata-B.json; keep a.jpg: exists"},
	{name: "… whose metadata were edited", list: "A b.jpg; B a.jpg.metadata.json", state: "A a.jpg meta", folder: "a.jpg.metadata.json", want: "> a.jpg -> b.jpg; fail a.jpg.metadata.json: exists; keep a.jpg.metadata.json: exists"},
	{name: "… whose metadata are missing, and do not come back", list: "A a.jpg; B a.jpg.metadata.json", state: "A b.jpg meta", folder: "-b.jpg.metadata.json", want: "> b.jpg -> a.jpg; + a.jpg.metadata.json"},
	{name: "a folder that metadata leave with their file", list: "A b.jpg; B a", state: "A a/a.jpg meta; B x", with: "metadata", want: "> a/a.jpg -> b.jpg; > x -> a; metadata a"},
	{name: "… but not edited ones", list: "A b.jpg; B a", state: "A a/a.jpg meta; B x", folder: "a/a.jpg.metadata.json", want: "> a/a.jpg -> b.jpg; > x -> a-B; keep a/a.jpg.metadata.json: exists"},
	{name: "a folder with the name of metadata", list: "A a.jpg; B a.jpg.metadata.json/b", with: "metadata", want: "+ a.jpg; fail a.jpg.metadata.json/b: exists"},
	{name: "a file of another record has the path of metadata: it is that file", list: "B a.jpg.metadata.json", state: "A a.jpg meta; B a.jpg.metadata.json same", folder: "-a.jpg", want: "close a.jpg"},
	{name: "… which an earlier run wrote, and this one would not", list: "A a.jpg; B a.jpg.metadata.json", state: "A a.jpg meta", want: "+ a.jpg.metadata-B.json"},
	{name: "… and such files before there are metadata", list: "A a.jpg; B a.jpg.metadata.json", state: "A a.jpg; B a.jpg.metadata.json", with: "metadata", want: "> a.jpg.metadata.json -> a.jpg.metadata-B.json; metadata a.jpg; metadata a.jpg.metadata-B.json"},

	{name: "… and makes room for it", list: "A a.jpg; B c.json", state: "A x.jpg meta; B a.jpg.metadata.json meta", with: "metadata", want: "> a.jpg.metadata.json -> c.json; > x.jpg -> a.jpg"},

	// Metadata that sync has not written, or that were edited.
	{name: "edited", list: "A a.jpg m2", state: "A a.jpg m1 meta", folder: "a.jpg.metadata.json", with: "metadata", want: "keep a.jpg.metadata.json: exists"},
	{name: "… and there is nothing new to write", list: "A a.jpg m1", state: "A a.jpg m1 meta", folder: "a.jpg.metadata.json", with: "metadata"},
	{name: "… beside an edited file that is taken as it is", list: "A a.jpg m1", state: "A a.jpg m1 meta", folder: "a.jpg; a.jpg.metadata.json", with: "metadata adopt", want: "adopt a.jpg"},
	{name: "… and there is something new to write", list: "A a.jpg m2", state: "A a.jpg m1 meta", folder: "a.jpg; a.jpg.metadata.json", with: "metadata adopt", want: "adopt a.jpg; keep a.jpg.metadata.json: exists"},
	{name: "… and the file has changed", list: "A a.jpg v2", state: "A a.jpg v1 meta", folder: "a.jpg.metadata.json", with: "metadata", want: "~ a.jpg; keep a.jpg.metadata.json: exists"},
	{name: "… and the file moves: they stay, and new ones are written", list: "A b.jpg", state: "A a.jpg meta", folder: "a.jpg.metadata.json", with: "metadata", want: "> a.jpg -> b.jpg; metadata b.jpg; keep a.jpg.metadata.json: exists"},
	{name: "… without --metadata none are", list: "A b.jpg", state: "A a.jpg meta", folder: "a.jpg.metadata.json", want: "> a.jpg -> b.jpg; keep a.jpg.metadata.json: exists"},
	{name: "… and the asset is gone", list: "B b.jpg", state: "A a.jpg meta; B b.jpg", folder: "a.jpg.metadata.json", with: "delete A=deleted", want: "keep a.jpg.metadata.json: exists; - a.jpg (deleted)"},
	{name: "… and a new asset has the name", list: "B a.jpg", state: "A a.jpg meta", folder: "a.jpg.metadata.json", with: "metadata delete A=deleted", want: "~ a.jpg, - a.jpg (deleted); keep a.jpg.metadata.json: exists"},
	{name: "… and two files swap their names", list: "A b.jpg; B a.jpg", state: "A a.jpg meta; B b.jpg meta", folder: "a.jpg.metadata.json", with: "metadata", want: ">> a.jpg -> b.jpg; > b.jpg -> a.jpg; metadata b.jpg; keep a.jpg.metadata.json: exists"},
	{name: "a foreign file beside a new one", list: "A a.jpg", folder: "a.jpg.metadata.json", with: "metadata", want: "+ a.jpg; keep a.jpg.metadata.json: exists"},
	{name: "… without --metadata it is not looked at", list: "A a.jpg", folder: "a.jpg.metadata.json", want: "+ a.jpg"},
	{name: "… beside one that had none", list: "A a.jpg", state: "A a.jpg", folder: "a.jpg.metadata.json", with: "metadata", want: "keep a.jpg.metadata.json: exists"},
	{name: "… beside the new path of one", list: "A b.jpg", state: "A a.jpg meta", folder: "b.jpg.metadata.json", with: "metadata", want: "> a.jpg -> b.jpg; keep b.jpg.metadata.json: exists"},
	{name: "… beside one that is adopted", list: "A a.jpg", folder: "a.jpg; a.jpg.metadata.json", with: "metadata adopt", want: "adopt a.jpg; keep a.jpg.metadata.json: exists"},
	{name: "another asset's metadata make room", list: "A b.jpg; B c.jpg", state: "A a.jpg meta; B b.jpg meta", with: "metadata", want: "> b.jpg -> c.jpg; > a.jpg -> b.jpg"},
	{name: "those of a missing file whose asset is gone stay with its record", list: "B b.jpg", state: "A a.jpg meta; B b.jpg", folder: "-a.jpg"},
	{name: "… also if that is not confirmed", list: "B b.jpg", state: "A a.jpg meta; B b.jpg", folder: "-a.jpg", with: "delete"},
	{name: "… until it is", list: "B b.jpg", state: "A a.jpg meta; B b.jpg", folder: "-a.jpg", with: "delete A=deleted", want: "close a.jpg"},
	{name: "… or another file gets the path", list: "B a.jpg", state: "A a.jpg meta", folder: "-a.jpg", with: "metadata", want: "+ a.jpg; close a.jpg"},
	{name: "… and edited ones keep no record", list: "B b.jpg", state: "A a.jpg meta; B b.jpg", folder: "-a.jpg; a.jpg.metadata.json", want: "close a.jpg"},

	// States that cannot be quite true.
	{name: "two records of one file: the other is fetched again", list: "A a.jpg; B b.jpg", state: "A a.jpg; B a.jpg", want: "> a.jpg -> b.jpg; + a.jpg"},
	{name: "a gone one does not take a listed one along", list: "B a.jpg", state: "A a.jpg; B a.jpg", with: "delete A=deleted", want: "close a.jpg"},
	{name: "… of the same bytes, neither", list: "B a.jpg", state: "A a.jpg same; B a.jpg same", with: "delete A=deleted", want: "close a.jpg"},
	{name: "… nor if it is renamed", list: "B b.jpg", state: "A a.jpg same; B a.jpg same", with: "delete A=deleted", want: "> a.jpg -> b.jpg; close a.jpg"},
	{name: "two of the same bytes: who should have the path has it", list: "A b.jpg; B a.jpg", state: "A a.jpg same; B a.jpg same", want: "+ b.jpg"},
	{name: "… and of two edited ones", list: "A b.jpg; B a.jpg", state: "A a.jpg; B a.jpg", folder: "a.jpg", want: "+ b.jpg"},
	{name: "a missing file, whose path is a folder of another", list: "A d; B d/b.jpg", state: "A d; B d/b.jpg", folder: "-d", want: "+ d-A"},
	{name: "a record that does not say what was listed", list: "A a.jpg v1 s1 u1 m1", state: "A a.jpg bare", want: "note a.jpg"},
	{name: "what has no path at all", list: "A - err; B - err", state: "A a.jpg", want: "fail a.jpg: not_found; fail : not_found"},
}

func TestPlan(t *testing.T) {
	for _, c := range planCases {
		t.Run(c.name, func(t *testing.T) {
			in := c.input(t)
			got := stepsText(Plan(in))
			if got != c.want {
				t.Errorf("list %q, state %q, folder %q, with %q:\n got %s\nwant %s", c.list, c.state, c.folder, c.with, got, c.want)
			}
			slices.Reverse(in.Wanted)
			slices.Reverse(in.Records)
			if again := stepsText(Plan(in)); again != got {
				t.Errorf("the other way round:\n got %s\nnot %s", again, got)
			}
		})
	}
}

// TestHints has what a hint may say of --adopt: it takes regular files alone, and not in place of a file that is renamed.
func TestHints(t *testing.T) {
	for _, c := range []struct{ list, state, folder, with, want string }{
		{list: "A a.jpg", folder: "a.jpg", want: "move it away, or take it as it is with --adopt"},
		{list: "A a.jpg", folder: "@a.jpg", want: "move it away"},
		{list: "A a.jpg", folder: "a.jpg/b", want: "move it away"},
		{list: "A b.jpg", state: "A a.jpg", folder: "b.jpg", want: "move that file away"},
		{list: "A a.jpg v2", state: "A a.jpg v1", folder: "a.jpg", want: "move it away to get the portal's file, or keep it as it is with --adopt"},
		{list: "A a.jpg v2", state: "A a.jpg v1", folder: "@a.jpg", want: "move away what has its path, to get the portal's file"},
		{list: "A a.jpg v2", state: "A a.jpg v1", folder: "-a.jpg; a.jpg/b", with: "adopt", want: "move away what has its path, to get the portal's file"},
		{list: "A b.jpg", state: "A a.jpg", folder: "a.jpg", want: "move it away to get the portal's file, or keep it as it is with --adopt"},
		{list: "A b.jpg", state: "A a.jpg", folder: "@a.jpg", want: "move away what has its path, to get the portal's file"},
		{list: "A a.jpg m2", state: "A a.jpg m1", folder: "a.jpg.metadata.json", with: "metadata", want: "move it away, or take it with --adopt if it has metadata of this asset"},
		{list: "A a.jpg m2", state: "A a.jpg m1", folder: "a.jpg.metadata.json", with: "metadata adopt", want: "move it away"},
		{list: "A a.jpg m2", state: "A a.jpg m1", folder: "@a.jpg.metadata.json", with: "metadata", want: "move it away"},
		{list: "A a.jpg m2", state: "A a.jpg m1 meta", folder: "a.jpg.metadata.json", with: "metadata", want: "move it away to get the portal's metadata"},
	} {
		steps := Plan(planCase{list: c.list, state: c.state, folder: c.folder, with: c.with}.input(t))
		reason, ok := errors.AsType[*download.Error](steps[len(steps)-1].Err)
		if !ok || reason.Advice != c.want {
			t.Errorf("list %q, state %q, folder %q, with %q: %s\n got %v\nwant %s", c.list, c.state, c.folder, c.with, stepsText(steps), reason, c.want)
		}
	}
}

// TestPlanIsMadeInTime has files that wait for each other in a row, of which none can leave: each round of the
// assignment finds one that stays.
func TestPlanIsMadeInTime(t *testing.T) {
	const files = 2000
	in := Input{}
	folder := &memory{files: map[string]string{}}
	path := func(i int) string { return fmt.Sprintf("%04d.jpg", i) }
	for i := range files {
		id := download.FileID{Portal: testPortal, MediaID: fmt.Sprintf("%04d", i), Selector: "original"}
		in.Wanted = append(in.Wanted, Wanted{File: id, Path: path(i + 1), Key: "KEY"})
		in.Records = append(in.Records, &download.Result{Portal: id.Portal, MediaID: id.MediaID, Selector: id.Selector, Path: path(i), MD5: path(i)})
		folder.files[path(i)] = path(i)
		folder.files[naming.Renamed(path(i+1), "KEY")] = "something else"
	}
	folder.files[path(files)] = "something else"
	in.Folder = folder
	steps := Plan(in)
	if len(steps) != files {
		t.Fatalf("%d steps", len(steps))
	}
	for i, s := range steps {
		if s.Action != download.ActionKeep || s.Path != path(i) || s.Err == nil {
			t.Fatalf("step %d: %s", i, stepText(s))
		}
	}
	if want := stuck(&file{wanted: &in.Wanted[0]}); steps[0].Err.Error() != want.Error() {
		t.Errorf("the first file was looked at in each round: %v", steps[0].Err)
	}
}

// BenchmarkPlan plans 200,000 files: nothing has changed; all are new; all get another name.
func BenchmarkPlan(b *testing.B) {
	const files = 200_000
	path := func(i int) string { return fmt.Sprintf("images/2026/photograph-%06d.jpg", i) }
	in := Input{Delete: true}
	for i := range files {
		id := download.FileID{Portal: testPortal, MediaID: fmt.Sprintf("%08X-0000-4000-8000-%012X", uint64(i)*2654435761%files, i), Selector: "original"}
		listed := download.Listed{Version: 1, Modified: "2026-01-02T03:04:05Z", Metadata: "x"}
		in.Wanted = append(in.Wanted, Wanted{File: id, Path: path(i), Key: id.MediaID, Created: time.Unix(int64(i), 0), Listed: listed})
		in.Records = append(in.Records, &download.Result{Portal: id.Portal, MediaID: id.MediaID, Selector: id.Selector, Path: path(i), Listed: &listed})
	}
	for _, night := range []struct {
		name     string
		metadata bool
		shift    int // by how much the names are others
		records  []*download.Result
	}{
		{"unchanged", false, 0, in.Records},
		{"unchanged, metadata", true, 0, in.Records},
		{"new", false, 0, nil},
		{"renamed in a row", false, 1, in.Records},
	} {
		b.Run(night.name, func(b *testing.B) {
			in := in
			in.Metadata, in.Records, in.Folder = night.metadata, night.records, inPlace(len(night.records) > 0)
			in.Wanted = slices.Clone(in.Wanted)
			for i := range in.Wanted {
				in.Wanted[i].Path = path(i + night.shift)
			}
			b.ReportAllocs()
			for b.Loop() {
				if steps := Plan(in); night.shift == 0 && night.records != nil && len(steps) > 0 {
					b.Fatal(stepText(steps[0]))
				}
			}
		})
	}
}

// inPlace is a Folder that has all files of the state and their sidecars, or none.
type inPlace bool

func (inPlace) Stands(*download.Result) Standing { return AsWritten }

func (inPlace) Proven(*download.Result) Standing { return AsWritten }

func (inPlace) HasOnly(string, func(string) bool) bool { return false }

func (inPlace) Adoptable(string) bool { return true }

func (inPlace) Sidecar(*download.Result, bool) Standing { return AsWritten }

func (f inPlace) Taken(path string) bool { return bool(f) && strings.HasSuffix(path, sidecarEnd) }

// TestWhyIsOfDeletions has results of steps that displace a file: only that of the deletion says why.
func TestWhyIsOfDeletions(t *testing.T) {
	for _, c := range []planCase{
		{list: "B a.jpg", state: "A a.jpg", want: "fetch ; delete deleted"},
		{list: "B a.jpg", state: "A a.jpg; B a-B.jpg", want: "move ; delete deleted"},
		{list: "B b.jpg", state: "A a.jpg; B b.jpg", want: "delete deleted"},
	} {
		c.with = "delete A=deleted"
		var told []string
		for r := range Preview(Plan(c.input(t)), testPortal) {
			told = append(told, string(r.Action)+" "+r.Why)
		}
		if got := strings.Join(told, "; "); got != c.want {
			t.Errorf("list %q, state %q: %s, want %s", c.list, c.state, got, c.want)
		}
	}
}
