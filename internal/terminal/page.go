package terminal

import (
	"io"
	"os"
	"strconv"

	"golang.org/x/term"
)

// Page is the space that output has.
type Page struct {
	Columns, Rows int  // 0: no limit, as in a file
	IsTerminal    bool // not only shown in a part of one, as by fzf
}

// maxPage bounds the size that the environment claims.
const maxPage = 1000

// NewPage returns the space of out: a terminal, or the preview window of fzf, which reads the output of its command
// through a pipe and gives the size in FZF_PREVIEW_COLUMNS and FZF_PREVIEW_LINES.
func NewPage(out io.Writer, getenv func(string) string) Page {
	f, ok := out.(*os.File)
	if !ok {
		return Page{}
	}
	if term.IsTerminal(int(f.Fd())) {
		p := Page{Columns: 80, Rows: 24, IsTerminal: true}
		if columns, rows, err := term.GetSize(int(f.Fd())); err == nil && columns > 0 && rows > 0 {
			p.Columns, p.Rows = columns, rows
		}
		return p
	}
	info, err := f.Stat()
	if err != nil || info.Mode()&(os.ModeNamedPipe|os.ModeSocket) == 0 {
		return Page{}
	}
	columns, errColumns := strconv.Atoi(getenv("FZF_PREVIEW_COLUMNS"))
	rows, errRows := strconv.Atoi(getenv("FZF_PREVIEW_LINES"))
	if errColumns != nil || errRows != nil || min(columns, rows) < 1 || max(columns, rows) > maxPage {
		return Page{}
	}
	return Page{Columns: columns, Rows: rows}
}
