package config

// What tests look at from outside.
var RunTokenCommand = runTokenCommand

// MaxFile is the most bytes that a file may have.
const MaxFile = maxFile

// CheckFile returns what is wrong with the text of a config file.
func CheckFile(text string) error {
	var f file
	return f.parse(text, handWritten)
}

// EncodeCredentials is the text of a credentials file with a profile added to those of text.
func EncodeCredentials(text, name string, values map[string]string) (string, error) {
	var f file
	if err := f.parse(text, programWritten); err != nil {
		return "", err
	}
	return encode(f, name, values)
}

// ReadCredentials returns the values of each profile of a credentials file, the domain included.
func ReadCredentials(text string) (map[string]map[string]string, error) {
	var f file
	err := f.parse(text, programWritten)
	all := map[string]map[string]string{}
	for name, p := range f.profiles {
		p.values["domain"] = p.domain
		all[name] = p.values
	}
	return all, err
}
