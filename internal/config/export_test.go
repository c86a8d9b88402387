package config

// What tests look at from outside.
var (
	SplitWords      = splitWords
	RunTokenCommand = runTokenCommand
	ErrNotEditable  = errNotEditable
)

// CheckFile tells what is wrong with the text of a config file.
func CheckFile(text string) error {
	_, err := parseFile(text)
	return err
}

// EditFile is text with a profile changed.
func EditFile(text, profile string, changes map[string]string) (string, error) {
	d, err := parseDocument(text)
	if err != nil {
		return "", err
	}
	return d.withProfile(profile, changes)
}

// TakeApart is the text of each statement of a document.
func TakeApart(text string) ([]string, error) {
	d, err := parseDocument(text)
	if err != nil {
		return nil, err
	}
	var all []string
	for _, s := range d.statements() {
		all = append(all, s.text)
	}
	return all, nil
}
