package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// tools are the programs that were found, by name.
type tools map[string]string

// packages are Debian's packages of the tools.
var packages = map[string]string{"nginx": "nginx-light", "curl": "curl", "aria2c": "aria2", "wget2": "wget2", "xargs": "findutils", "md5sum": "coreutils"}

func findTools(context.Context) tools {
	found := tools{}
	for name := range packages {
		file, err := exec.LookPath(name)
		if err != nil && name == "nginx" { // not in the PATH of users other than root
			file, err = exec.LookPath("/usr/sbin/nginx")
		}
		if err == nil {
			found[name] = file
		}
	}
	return found
}

// lacks returns which of the names were not found and how to get them, "" for none.
func (t tools) lacks(names []string) string {
	var missing, from []string
	for _, name := range names {
		if t[name] == "" {
			missing, from = append(missing, name), append(from, packages[name])
		}
	}
	if len(missing) == 0 {
		return ""
	}
	verb := "is"
	if len(missing) > 1 {
		verb = "are"
	}
	return fmt.Sprintf("%s %s not installed (Debian: apt-get install %s)", strings.Join(missing, " and "), verb, strings.Join(from, " "))
}

// machine is where something was measured.
type machine struct {
	Cores             int
	Processor, Kernel string  // "" if the system does not report it
	Load              float64 // processes that ran or waited in the minute before, on average; -1 if the system does not report it
	Go                string
	Tools             []string // with versions
	Where             string   // the files are
	Date              string
}

func describeMachine(ctx context.Context, found tools) machine {
	m := machine{
		Load: -1, Cores: runtime.NumCPU(), Go: runtime.Version(), Date: time.Now().UTC().Format(time.DateOnly),
		Kernel: strings.TrimSpace(contentOf("/proc/sys/kernel/ostype") + " " + contentOf("/proc/sys/kernel/osrelease")),
	}
	if load := strings.Fields(contentOf("/proc/loadavg")); len(load) > 0 {
		if minute, err := strconv.ParseFloat(load[0], 64); err == nil {
			m.Load = minute
		}
	}
	for line := range strings.Lines(contentOf("/proc/cpuinfo")) {
		if key, value, _ := strings.Cut(line, ":"); strings.TrimSpace(key) == "model name" {
			m.Processor = strings.TrimSpace(value)
			break
		}
	}
	for _, name := range []string{"nginx", "curl", "aria2c", "wget2"} {
		if found[name] != "" {
			m.Tools = append(m.Tools, name+" "+versionOf(ctx, found[name]))
		}
	}
	return m
}

func contentOf(file string) string {
	b, _ := os.ReadFile(file)
	return strings.TrimSpace(string(b))
}

var versionNumber = regexp.MustCompile(`\d+(\.\d+)+`)

// versionOf returns the first number of what a tool prints as its version.
func versionOf(ctx context.Context, tool string) string {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	flag := "--version"
	if strings.HasSuffix(tool, "nginx") {
		flag = "-v"
	}
	said, _ := exec.CommandContext(ctx, tool, flag).CombinedOutput()
	first, _, _ := bytes.Cut(said, []byte("\n"))
	if n := versionNumber.Find(first); n != nil {
		return string(n)
	}
	return "of unknown version"
}

// Loaded reports whether other programs ran when the measurement began.
func (m machine) Loaded() bool { return m.Load > float64(m.Cores)/4 }

// String returns the machine in a line.
func (m machine) String() string {
	parts := []string{fmt.Sprintf("%d cores", m.Cores)}
	if m.Processor != "" {
		parts[0] += " of " + m.Processor
	}
	for _, each := range append([]string{m.Kernel, m.Go}, m.Tools...) {
		if each != "" {
			parts = append(parts, each)
		}
	}
	if m.Load >= 0 {
		parts = append(parts, fmt.Sprintf("load average %.2f before", m.Load))
	}
	return strings.Join(parts, ", ")
}
