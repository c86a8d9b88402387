package transfer

import (
	"strconv"
	"strings"
)

// contentRange is a Content-Range of a 206 (RFC 9110, section 14.4): the bytes from
// first to last, both counted, of total; total is -1 where it is "*".
type contentRange struct {
	first, last, total int64
}

func parseContentRange(header string) (contentRange, bool) {
	unit, rest, ok := strings.Cut(header, " ")
	if !ok || !strings.EqualFold(unit, "bytes") {
		return contentRange{}, false
	}
	span, size, ok := strings.Cut(strings.TrimSpace(rest), "/")
	if !ok {
		return contentRange{}, false
	}
	from, to, ok := strings.Cut(span, "-")
	if !ok {
		return contentRange{}, false
	}
	first, ok1 := parseOffset(from)
	last, ok2 := parseOffset(to)
	total, ok3 := parseOffset(size)
	if size == "*" {
		total, ok3 = -1, true
	}
	if !ok1 || !ok2 || !ok3 || last < first || total >= 0 && last >= total {
		return contentRange{}, false
	}
	return contentRange{first: first, last: last, total: total}, true
}

// parseOffset reads digits alone: strconv would take a sign, too.
func parseOffset(s string) (int64, bool) {
	if s == "" || strings.Trim(s, "0123456789") != "" {
		return 0, false
	}
	n, err := strconv.ParseInt(s, 10, 64)
	return n, err == nil && n < 1<<62 // so that sums of two do not overflow
}
