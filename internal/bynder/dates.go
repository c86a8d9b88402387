package bynder

import (
	"strconv"
	"strings"
	"time"
)

// dateLayouts are the layouts in which portals write dates: ISO 8601 for assets, also in its basic form, with spaces or
// slashes and without seconds, and words for collections ("March, 01 2017 10:49:12 +0000"). Seconds may have a
// fraction. The first one is that of almost all dates of assets.
var dateLayouts = func() []string {
	all := []string{time.RFC3339, "January, 02 2006 15:04:05 -0700", "January, 2 2006 15:04:05 -0700", time.RFC1123Z, time.RFC1123}
	for _, day := range []string{"2006-01-02", "2006/01/02", "20060102"} {
		all = append(all, day)
		for _, clock := range []string{"15:04:05", "15:04", "150405", "1504"} {
			for _, between := range []string{"T", " "} {
				for _, zone := range []string{"Z07:00", "Z0700", "Z07", "", " Z07:00", " Z0700"} {
					all = append(all, day+between+clock+zone)
				}
			}
		}
	}
	return all
}()

// day returns a date as it was sent, "" for anything else; unix seconds become ISO 8601.
func (f fields) day(name string) string {
	t, text := f.date(name), f.text(name)
	switch _, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64); {
	case t.IsZero():
		return ""
	case err == nil && len(strings.TrimSpace(text)) != len("20060102"):
		return t.Format(time.RFC3339)
	}
	return text
}

// date returns a date in UTC, from any of the layouts; zero if it is unknown. A number of 9 to 11 digits is
// in unix seconds, from 1973 on.
func (f fields) date(name string) time.Time {
	value := strings.TrimSpace(f.text(name))
	if n, err := strconv.ParseInt(value, 10, 64); err == nil && n >= 1e8 && n < 1e11 {
		return time.Unix(n, 0).UTC()
	}
	for _, layout := range dateLayouts {
		if t, err := time.Parse(layout, value); err == nil {
			return t.UTC()
		}
	}
	return time.Time{}
}
