package cli

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// Each flag of each command whose placeholder is a file or folder is one that takes no URL.
func TestFlagsOfPaths(t *testing.T) {
	seen := map[string]bool{}
	var look func(*cobra.Command)
	look = func(cmd *cobra.Command) {
		cmd.Flags().VisitAll(func(f *pflag.Flag) {
			if slices.Contains(pathFlags, f.Name) {
				seen[f.Name] = true
			} else if name, _ := pflag.UnquoteUsage(f); name == "file" || name == "folder" {
				t.Errorf("%s --%s is not checked", cmd.CommandPath(), f.Name)
			}
		})
		for _, each := range cmd.Commands() {
			look(each)
		}
	}
	look(newRoot(Streams{}))
	if len(seen) != len(pathFlags) {
		t.Errorf("of %q the commands have %v", pathFlags, seen)
	}
}

func TestRefusesURLs(t *testing.T) {
	for _, args := range []string{
		"download a -d gs://b/c", "download a -d https://s3.example/b", "download a -o s3://b/f", "fetch-item a b -d S3://bucket/c -o s3://b/f", "download a -o https://h/f", "download --from file:///list", "download --from ids --from s3://b/ids", "download --from0 s3://b/ids",
		"download a --journal gs://b/j", "download a --undone-out s3://b/u", "fetch-item a b --metadata-csv s3://b/c.csv", "sync --delete --trash s3://b/t d",
		"sync --metadata-csv S3://b/t d", "verify --repair --trash s3+x.y-z://b d", "verify --journal s3://b/j d", "search --config http://h/c", "search --ca-cert https://h/c",
		"sandbox --stats s3://b/s", "sandbox --catalogue https://h/c",
		"verify gs://b/c", "verify --repair gs://b/c", "verify --journal j file:///c", "sync gs://b/c", "sync --delete gs://b", "journal show gs://b/j",
		"journal show --failed https://h/j",
	} {
		var out strings.Builder
		if got := Main(context.Background(), strings.Fields(args), Streams{Out: &out, Err: &out, Getenv: func(string) string { return "" }}); got != 2 || !strings.Contains(out.String(), "is a URL\n") {
			t.Errorf("%s: exit %d, %s", args, got, out.String())
		}
	}
	for args, hint := range map[string]string{
		"verify gs://b/c":                         "specify a path on a mounted file system, or s3://BUCKET/PREFIX\n",
		"verify --journal s3://b/j d":             "specify the journal file of the files in the folder",
		"download a --journal s3://bucket/j -d d": "specify a file on this machine as the journal of files on this machine",
		"download a --undone-out s3://b/u":        "specify a path on a mounted file system\n",
		"sync gs://b/c":                           "specify a path on a mounted file system, or s3://BUCKET/PREFIX\n",
	} {
		var out strings.Builder
		if got := Main(context.Background(), strings.Fields(args), Streams{Out: &out, Err: &out, Getenv: func(string) string { return "" }}); got != 2 || !strings.Contains(out.String(), hint) {
			t.Errorf("%s: exit %d, %s, want the hint %q", args, got, out.String(), hint)
		}
	}
	for _, path := range []string{"s3:/b", "C:\\f", "c:/f", "./s3://b", "1s3://b", "://b", "a b://c"} {
		if isURL(path) {
			t.Errorf("%s is not a path", path)
		}
	}
}

// Every command whose argument is a folder or a file of this machine, or a bucket, refuses any other URL.
func TestArgumentsRefuseURLs(t *testing.T) {
	takers := 0
	var look func(cmd *cobra.Command)
	look = func(cmd *cobra.Command) {
		if use := strings.TrimSuffix(cmd.Use, "..."); strings.HasSuffix(use, " <destination>") || strings.HasSuffix(use, " <file>") {
			takers++
			var out strings.Builder
			args := strings.Fields(cmd.CommandPath() + " gs://b/c")[1:]
			if got := Main(t.Context(), args, Streams{Out: &out, Err: &out, Getenv: func(string) string { return "" }}); got != 2 ||
				!strings.Contains(out.String(), cmd.CommandPath()+" takes a path on this machine, and gs://b/c is a URL\n") {
				t.Errorf("%s: exit %d, %s", cmd.CommandPath(), got, out.String())
			}
		}
		for _, each := range cmd.Commands() {
			look(each)
		}
	}
	look(newRoot(Streams{}))
	if takers < 3 {
		t.Errorf("only %d commands take a path", takers)
	}
}
