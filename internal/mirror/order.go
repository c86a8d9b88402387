package mirror

import "github.com/bynder-cli/bynder/internal/naming"

// inOrder returns moves in an order in which each target is free when its turn comes. Of files that wait for each
// other in a circle one goes through a name in .bynder (Step.Via), and so does a file that is itself in the way of its
// new path, such as one whose name changes in case alone.
func inOrder(moves []Step) []Step {
	o := newMoveOrder(moves)
	for i := range moves {
		if o.waits[i] == 0 {
			o.leave(i)
		}
	}
	for i := range moves {
		for !o.left[i] {
			through := o.inCircle(i)
			moves[through].Via = true
			o.leave(through)
		}
	}
	sorted := make([]Step, 0, len(moves))
	for _, via := range []bool{true, false} {
		for _, i := range o.order {
			if moves[i].Via == via {
				sorted = append(sorted, moves[i])
			}
		}
	}
	return sorted
}

// moveOrder is an order of moves that is being made.
type moveOrder struct {
	blockers [][]int // by move: those whose files must leave their paths before
	blocked  [][]int // the other way round
	waits    []int   // how many of the blockers have not left yet
	left     []bool  // the move has its place in the order, after which its file has left its path
	order    []int
}

func newMoveOrder(moves []Step) *moveOrder {
	n := len(moves)
	o := &moveOrder{
		blockers: make([][]int, n), blocked: make([][]int, n), waits: make([]int, n), left: make([]bool, n), order: make([]int, 0, n),
	}
	from, to := make(map[string]int, n), make(map[string]int, 2*n)
	for i := range moves {
		to[naming.Folded(moves[i].Path)+foldedSuffix] = i
		if lastListed(moves[i].Record).Metadata != "" {
			from[naming.Folded(moves[i].From)+foldedSuffix] = i // the sidecar is moved along
		}
	}
	for i := range moves {
		to[naming.Folded(moves[i].Path)] = i
		from[naming.Folded(moves[i].From)] = i
	}
	for i := range moves {
		path := naming.Folded(moves[i].Path)
		o.wait(i, from, path)
		for folder := range foldersOf(path) {
			o.wait(i, from, folder)
		}
		o.wait(i, from, path+foldedSuffix)
		for folder := range foldersOf(naming.Folded(moves[i].From)) {
			if other, ok := to[folder]; ok { // the folder has to be gone
				o.block(other, i)
			}
		}
	}
	return o
}

// wait notes that move i needs what has a path to have left it.
func (o *moveOrder) wait(i int, from map[string]int, path string) {
	if blocker, ok := from[path]; ok {
		o.block(i, blocker)
	}
}

// block notes that a blocker must leave its path before move i.
func (o *moveOrder) block(i, blocker int) {
	o.blockers[i] = append(o.blockers[i], blocker)
	o.blocked[blocker] = append(o.blocked[blocker], i)
	o.waits[i]++
}

// leave puts a move next, and then those that have waited for it alone.
func (o *moveOrder) leave(i int) {
	if o.left[i] {
		return
	}
	o.left[i] = true
	o.order = append(o.order, i)
	for next := len(o.order) - 1; next < len(o.order); next++ {
		for _, j := range o.blocked[o.order[next]] {
			if o.waits[j]--; o.waits[j] == 0 && !o.left[j] {
				o.left[j] = true
				o.order = append(o.order, j)
			}
		}
	}
}

// inCircle returns a move of the circle for which move i waits.
func (o *moveOrder) inCircle(i int) int {
	seen := make(map[int]bool)
	for !seen[i] {
		seen[i] = true
		for _, blocker := range o.blockers[i] {
			if !o.left[blocker] {
				i = blocker
				break
			}
		}
	}
	return i
}
