package bucket

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
	"github.com/minio/minio-go/v7/pkg/encrypt"
	"gopkg.in/ini.v1"

	"github.com/bynder-cli/bynder/internal/download"
	"github.com/bynder-cli/bynder/internal/retry"
)

// Options are the settings of a Client. Credentials, region and endpoint come from the places where all programs for S3
// look for them.
type Options struct {
	// Getenv returns a variable of the environment.
	Getenv func(string) string
	// Transport sends the requests; Instance sends those for the credentials of this machine's role.
	Transport http.RoundTripper
	Instance  *http.Client
	// Program and Version are what requests say who sends them.
	Program, Version string
	// Retries is the number of retries of a request.
	Retries int
	// StorageClass and SSE are those of new objects, "" for what the bucket does by default. SSE is AES256, aws:kms or
	// aws:kms:KEY.
	StorageClass, SSE string
}

// defaultEndpoint is where S3 is; the library puts the region into it.
const defaultEndpoint = "https://s3.amazonaws.com"

// Open returns a Client for a location. It finds the credentials, but sends no request to the bucket: see Client.Try. An
// invalid setting, or none, is a *download.Error of code usage.
func Open(ctx context.Context, at Location, opts Options) (*Client, error) {
	c := &Client{at: at, opts: opts, transport: opts.Transport, sleep: retry.Sleep, mostCopied: mostCopied}
	var err error
	if c.sse, err = parseSSE(opts.SSE); err != nil {
		return nil, usage("--sse: "+err.Error(), "use AES256, aws:kms or aws:kms:KEY")
	}
	profile, err := readProfile(opts.Getenv)
	if err != nil {
		return nil, err
	}
	endpoint, by := firstOf(opts.Getenv, "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL")
	endpoint = cmp.Or(endpoint, profile.endpoint, defaultEndpoint)
	server, err := url.Parse(endpoint)
	if err != nil || server.Host == "" || server.Scheme != "https" && server.Scheme != "http" || strings.Trim(server.Path, "/") != "" ||
		server.User != nil || server.RawQuery != "" {
		return nil, usage(cmp.Or(by, "endpoint_url")+" is not the address of a server", "give it as https://HOST or https://HOST:PORT")
	}
	creds, err := findCredentials(ctx, opts, profile)
	if err != nil {
		return nil, err
	}
	region, _ := firstOf(opts.Getenv, "AWS_REGION", "AWS_DEFAULT_REGION")
	tryOnce()
	c.core, err = minio.NewCore(server.Host, &minio.Options{
		Creds: creds, Secure: server.Scheme == "https", Region: cmp.Or(region, profile.region),
		Transport: &observer{client: c, next: conditional{opts.Transport}}, MaxRetries: 1,
	})
	if err != nil {
		return nil, usage(fmt.Sprintf("%s: %v", cmp.Or(by, "the endpoint of S3"), err), "")
	}
	c.core.SetAppInfo(opts.Program, cmp.Or(opts.Version, "dev"))
	return c, nil
}

// tryOnce sets the library's wait after the last try, which is also the first one, to nothing: see Client.do.
var tryOnce = sync.OnceFunc(func() { minio.DefaultRetryUnit, minio.DefaultRetryCap = 1, 1 })

func usage(text, advice string) error {
	return &download.Error{Code: download.CodeUsage, Err: errors.New(text), Advice: advice}
}

// firstOf returns the first variable that is set, and its name.
func firstOf(getenv func(string) string, names ...string) (value, name string) {
	for _, name := range names {
		if value := getenv(name); value != "" {
			return value, name
		}
	}
	return "", ""
}

// parseSSE parses a kind of encryption: AES256, aws:kms or aws:kms:KEY; nil for "".
func parseSSE(text string) (encrypt.ServerSide, error) {
	kind, key, hasKey := strings.Cut(text, ":kms:")
	switch {
	case text == "":
		return nil, nil
	case text == "AES256":
		return encrypt.NewSSE(), nil
	case text == "aws:kms":
		return encrypt.NewSSEKMS("", nil)
	case hasKey && kind == "aws" && key != "" && strings.Trim(key, " \t") == key:
		return encrypt.NewSSEKMS(key, nil)
	}
	return nil, fmt.Errorf("invalid value %q", text)
}

// profile is what the files of AWS_PROFILE say apart from credentials.
type profile struct {
	name             string
	named            bool // by AWS_PROFILE
	region, endpoint string
	found            bool // in one of the files
}

// readProfile reads region and endpoint of the profile ("Configuration and credential file settings" in the AWS CLI user
// guide). Its credentials are the library's business.
func readProfile(getenv func(string) string) (profile, error) {
	name := getenv("AWS_PROFILE")
	p := profile{name: cmp.Or(name, "default"), named: name != ""}
	home, _ := os.UserHomeDir() // without one there are no files
	for _, file := range []struct{ path, section string }{
		{cmp.Or(getenv("AWS_SHARED_CREDENTIALS_FILE"), filepath.Join(home, ".aws", "credentials")), p.name},
		{cmp.Or(getenv("AWS_CONFIG_FILE"), filepath.Join(home, ".aws", "config")), "profile " + p.name},
	} {
		sections, err := ini.Load(file.path)
		switch {
		case errors.Is(err, fs.ErrNotExist), home == "" && !filepath.IsAbs(file.path):
			continue
		case err != nil && (p.named || getenv("AWS_ACCESS_KEY_ID") == ""):
			return p, usage(fmt.Sprintf("cannot read %s: it is not a file as the AWS CLI writes it", file.path), "mend it, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")
		case err != nil:
			continue
		}
		section, err := sections.GetSection(file.section)
		if err != nil {
			section, err = sections.GetSection(p.name)
		}
		if err != nil {
			continue
		}
		p.found = true
		p.region = cmp.Or(section.Key("region").String(), p.region)
		p.endpoint = cmp.Or(section.Key("endpoint_url").String(), p.endpoint)
	}
	return p, nil
}

// credentialsHint says where credentials are looked for.
const credentialsHint = "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE"

// findCredentials returns the credentials of the first place that has them: environment, profile, role of the container or
// of the machine. Those of a role are renewed before they expire.
func findCredentials(ctx context.Context, opts Options, p profile) (*credentials.Credentials, error) {
	id, secret := opts.Getenv("AWS_ACCESS_KEY_ID"), opts.Getenv("AWS_SECRET_ACCESS_KEY")
	switch {
	case id != "" && secret != "":
		return credentials.NewStaticV4(id, secret, opts.Getenv("AWS_SESSION_TOKEN")), nil
	case id != "":
		return nil, usage("AWS_ACCESS_KEY_ID is set, and AWS_SECRET_ACCESS_KEY is not", "set both")
	case secret != "":
		return nil, usage("AWS_SECRET_ACCESS_KEY is set, and AWS_ACCESS_KEY_ID is not", "set both")
	case p.named && !p.found:
		return nil, usage(fmt.Sprintf("there is no profile %q (AWS_PROFILE) in the files of the AWS CLI", p.name), "check AWS_PROFILE")
	}
	try := func(provider credentials.Provider) (*credentials.Credentials, error) {
		creds := credentials.New(provider)
		value, err := retry.Await(ctx, func() (credentials.Value, error) { // it may run a program
			return creds.GetWithContext(&credentials.CredContext{Client: opts.Instance, Context: ctx})
		})
		if err == nil && (value.AccessKeyID == "" || value.SecretAccessKey == "") {
			err = errors.New("there are none")
		}
		return creds, err
	}
	if p.found {
		creds, err := try(&credentials.FileAWSCredentials{Profile: p.name})
		switch {
		case err == nil:
			return creds, nil
		case ctx.Err() != nil:
			return nil, context.Cause(ctx)
		case p.named:
			return nil, usage(fmt.Sprintf("the profile %q (AWS_PROFILE) has no usable credentials: %s", p.name, printable(err.Error(), 200)), credentialsHint)
		}
	}
	if hasRole(opts.Getenv) {
		if creds, err := try(&credentials.IAM{Client: opts.Instance}); err == nil {
			return creds, nil
		}
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
	}
	return nil, usage("there are no credentials for the bucket", credentialsHint)
}

// hasRole reports whether a role may have credentials: of a container, or, unless that is turned off, of the machine.
func hasRole(getenv func(string) string) bool {
	container, _ := firstOf(getenv, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_WEB_IDENTITY_TOKEN_FILE")
	return container != "" || !strings.EqualFold(getenv("AWS_EC2_METADATA_DISABLED"), "true")
}

// secrets returns the parts of the credentials that no message may have.
func (c *Client) secrets() []string {
	value, err := c.core.GetCreds()
	if err != nil {
		return nil
	}
	return []string{value.SecretAccessKey, value.SessionToken}
}

// Try reports whether the bucket exists and its objects can be listed, looked at and, unless only looking is set, written: it
// asks for a new key, begins an upload of it, and removes that.
func (c *Client) Try(ctx context.Context, looking bool) error {
	key := c.at.Prefix + ".bynder-" + rand.Text()
	err := c.do(ctx, "list", c.at.Prefix, c.listFirst)
	if err == nil {
		if _, err = c.Head(ctx, key); errors.Is(err, ErrNotFound) {
			err = nil
		}
	}
	if err != nil || looking {
		return err
	}
	id, err := c.Begin(ctx, key, Attributes{})
	if err != nil {
		return err
	}
	return c.Abort(ctx, key, id)
}

// listFirst lists one object.
func (c *Client) listFirst(ctx context.Context) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	for info := range c.core.ListObjectsIter(ctx, c.at.Bucket, minio.ListObjectsOptions{Prefix: c.at.Prefix, Recursive: true, MaxKeys: 1}) {
		return info.Err
	}
	return ctx.Err()
}
