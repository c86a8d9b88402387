package bynder

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"strings"
)

// User is who the credentials belong to. Every field is foreign text and may be empty.
type User struct {
	ID       string
	Username string
	Email    string
	Name     string // first and last
}

// String names the user in the most telling way there is.
func (u User) String() string {
	who := cmp.Or(u.Name, u.Username, u.Email, u.ID)
	if u.Email != "" && who != u.Email {
		who += " <" + u.Email + ">"
	}
	return who
}

// CurrentUser asks who the credentials belong to. It is the call that tells whether they
// work at all: an *APIError of 401 says no; one of 403 says that they do, but that they
// may not ask this.
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
