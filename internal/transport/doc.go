// Package transport makes the two HTTP clients of the program and keeps them apart.
//
// Portal signs what it sends and speaks to one origin only; Storage carries no
// credentials at all. Nothing else in the program opens connections, so a credential
// that reaches another host, or a signed URL that leaves in a Referer header, would
// have to be a mistake in here.
package transport
