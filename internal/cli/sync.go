package cli

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/bynder-cli/bynder/internal/bucket"
	"github.com/bynder-cli/bynder/internal/bynder"
	"github.com/bynder-cli/bynder/internal/mirror"
	"github.com/bynder-cli/bynder/internal/naming"
)

// syncOptions are the flags of `bynder sync`. Its folder is transferFlags.dir.
type syncOptions struct {
	transferFlags
	filterFlags
	derivativeFlags
	delete               bool
	trashAt              bucket.Location // of trash, set by check; none for a folder
	maxDelete, trash     string
	adopt, acceptChanges bool

	selectors []selected
}

// selected is one of the files that are fetched of each asset.
type selected struct {
	bynder.Selector
	text string // as Selector.String has it
}

const syncUse = "bynder sync [filters] <destination>"

// newSync returns the command; run is runSync, or a function of a test.
func newSync(s Streams, run func(context.Context, *syncOptions) error) *cobra.Command {
	o := syncOptions{}
	o.streams, o.md5 = s, true
	cmd := &cobra.Command{
		Use:   "sync [filters] <destination>",
		Short: "Keep a folder or bucket equal to a search",
		Long:  syncHelp,
		Example: `  # Keep a folder equal to a collection
  bynder sync --collection "Spring campaign" spring

  # Show what would be downloaded and removed, and change nothing
  bynder sync --tag logo --delete --trash old-logos --dry-run logos

  # Keep a derivative of each asset, or the original if it has none
  bynder sync --tag logo --derivative webimage,original logos

  # Keep the objects below a prefix of a bucket equal to a collection
  bynder sync --collection "Spring campaign" s3://bucket/spring`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 || args[0] == "" {
				return &usageError{err: errors.New("specify one folder or bucket"), hint: syncUse}
			}
			o.dir = args[0]
			return o.parseBucket()
		},
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := o.check(cmd.Flags().Changed); err != nil {
				return err
			}
			return run(cmd.Context(), &o)
		},
	}
	o.addSync(cmd.Flags())
	return cmd
}

const syncHelp = `Keep a folder or bucket equal to a search: fetch files that are new or have
changed, rename those that have another name in the portal and, with --delete,
remove those whose assets are gone. If nothing has changed, that costs one API
call for each 1,000 assets and one more, and nothing is printed.

Each change is a line on standard output. --dry-run prints the same lines and
changes nothing:
  + path           a new file
  ~ path           a file with other content, or with new metadata
  > old -> new     a file that was renamed
  - path (why)     a file that was removed: its asset was deleted, is hidden
                   from these credentials, or has left the search

Sync touches only files that it has written and that have not been edited since;
it knows them by its state in <folder>/.bynder. A file that was edited is kept,
with exit status 3 if the portal has another version of it. A file that sync did
not write and that has the path of a new one is left alone, too. With --adopt
such files are taken as they are, as after a download or if the state was lost.

--delete asks the portal again about each asset that its list does not have, and
keeps the file unless the answer says that the asset is gone. If more files
would be deleted than --max-delete allows, none is deleted, and the exit status
is 1.

Portal, user, filters, --name and what is fetched belong to the folder: another
choice is refused, unless --accept-changes makes it the folder's own. An empty
list is refused if sync has files in the folder.

An original counts as changed if its version or its size has changed or, if the
portal lists no versions, the URLs of its derivatives; a derivative if its URL
has. New metadata alone cause no download.

` + filterHelp + `

--name is a template of the file's path in the folder. A slash in it creates a
folder. All values are from the portal's list:
  {filename} {stem} {ext}    the asset's name and its first extension, or that
                             of the derivative's URL; {filename} = {stem}.{ext}
  {id} {derivative} {version} {name} {type} {tag} {brand} {created} {modified}
  {property_X}
Names of brands and metaproperties are looked up once and kept in the state;
--accept-changes looks them up again. Of two assets with one path the older one
gets it; the other one has its id added.

--metadata json writes each asset's metadata beside its file, and --metadata-csv
a table of all files. Neither costs a call.

A bucket is given as s3://BUCKET/PREFIX, with the AWS_* variables that other
programs use. What holds for the folder above holds for the objects below the
prefix, and the state is in objects below PREFIX/.bynder/.`

func (o *syncOptions) addSync(f *pflag.FlagSet) {
	o.addTransfers(f)
	o.addFilters(f)
	o.addDerivatives(f)
	f.StringVar(&o.name, "name", naming.DefaultTemplate, "`template` of a path in the folder, such as {type}/{filename}")
	o.metadataFlags.add(f)
	o.addBucket(f)
	f.BoolVar(&o.delete, "delete", false, "remove files whose assets are gone")
	f.StringVar(&o.maxDelete, "max-delete", "", "remove at most `N` files, or N% of those of sync, else none (default 10%, at least 5)")
	f.StringVar(&o.trash, "trash", "", "move files to this `folder`, or s3://BUCKET/PREFIX of the same bucket, in place of removing them")
	f.BoolVar(&o.adopt, "adopt", false, "take existing files at planned paths as they are")
	f.BoolVar(&o.acceptChanges, "accept-changes", false, "sync another portal, user, search or template than before")
	f.StringVar(&o.lockWait, "lock-wait", "", "wait this `DURATION` (30s, 10m) for another sync of the same destination, in place of failing at once")
	f.BoolVar(&o.dryRun, "dry-run", false, "print what a run would do, and change nothing")
	f.BoolVar(&o.json, "json", false, "one JSON object per change on standard output")
}

// check rejects invalid flags before any call.
func (o *syncOptions) check(given func(flag string) bool) error {
	switch {
	case len(o.derivative) > 0 && len(o.transform) > 0:
		return usagef("--derivative and --transform exclude each other")
	case o.acceptChanges && o.delete:
		return &usageError{err: errors.New("--accept-changes and --delete exclude each other"), hint: "accept the changes first, then run sync with --delete again"}
	case !o.delete && given("max-delete"):
		return usagef("--max-delete belongs to --delete")
	case !o.delete && given("trash"):
		return usagef("--trash belongs to --delete")
	}
	if _, err := mirror.Limit(o.maxDelete, 0); err != nil {
		return usagef("--max-delete: %w", err)
	}
	if err := o.checkDerivatives(given); err != nil {
		return err
	}
	if err := o.checkFilters(time.Now(), given); err != nil {
		return err
	}
	if err := o.transferFlags.check(false); err != nil {
		return err
	}
	o.existsHint = "run sync again: the file has appeared meanwhile"
	if !given("lock-wait") {
		o.lockLimit = 0
	}
	o.selectFiles()
	if o.toBucket() {
		return o.checkBucketTrash()
	}
	if err := checkFolder(o.dir); err != nil {
		return err
	}
	return checkTrash(o.trash, o.dir)
}

// selectFiles sets which files are fetched of each asset.
func (o *syncOptions) selectFiles() {
	kind := bynder.Derivative
	if len(o.transforms) > 0 {
		kind = bynder.Transform
	}
	for _, name := range o.variants() {
		o.selectors = append(o.selectors, selected{Selector: bynder.Selector{Kind: kind, Name: name}})
	}
	if len(o.selectors) == 0 {
		o.selectors = []selected{{}}
	}
	for i := range o.selectors {
		o.selectors[i].text = o.selectors[i].String()
	}
}

// relativeFilter returns a filter that chooses other assets every day, "" if there is none.
func (o *syncOptions) relativeFilter() string {
	for _, f := range o.dateFlags() {
		if _, ok := parseSpan(f.text, time.Now()); ok {
			return fmt.Sprintf("--%s %s", f.flag, f.text)
		}
	}
	return ""
}
