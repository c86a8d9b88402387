package bynder

import (
	"bufio"
	"encoding/json"
	"io"
	"iter"
)

// Elements is elements without the total, for its fuzz target.
func Elements(body io.Reader) iter.Seq2[json.RawMessage, error] {
	total := int64(-1)
	return elements(body, &total)
}

// ReadProperties is readProperties, for its fuzz target.
func ReadProperties(body io.Reader) ([]Property, error) {
	return readProperties(&splitter{r: bufio.NewReader(body)})
}

// MaxPages is maxPages, for a test that counts calls.
const MaxPages = maxPages

// IsTemporary is isTemporary, for its table.
var IsTemporary = isTemporary
