package bynder

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"strings"
)

// User is the user that the credentials belong to. Every field is untrusted text and may be empty.
type User struct {
	ID       string
	Username string
	Email    string
	Name     string // first and last
}

// String returns the user's name and what identifies them, as far as it is known.
func (u User) String() string {
	who := cmp.Or(u.Name, u.Username, u.Email, u.ID)
	if u.Email != "" && who != u.Email {
		who += " <" + u.Email + ">"
	}
	return who
}

// CurrentUser fetches the user that the credentials belong to, which is a test of the
// credentials: an *APIError of 401 means that they are not valid; one of 403, that they
// are, but may not read the current user.
func (c *Client) CurrentUser(ctx context.Context) (User, error) {
	const path = "/api/v4/currentUser/"
	var raw json.RawMessage
	if err := c.get(ctx, path, nil, &raw); err != nil {
		return User{}, err
	}
	f, err := readFields(raw)
	if err == nil {
		err = f.check()
	}
	if err != nil {
		return User{}, &ProtocolError{Path: path, Err: malformed("a user", err)}
	}
	u := User{
		ID: f.text("id"), Username: f.text("username"), Email: f.text("email"),
		Name: strings.TrimSpace(f.text("firstName") + " " + f.text("lastName")),
	}
	if u == (User{}) {
		return User{}, &ProtocolError{Path: path, Err: malformed("a user", errors.New("it has no name and no id"))}
	}
	return u, nil
}
