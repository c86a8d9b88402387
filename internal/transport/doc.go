// Package transport creates the HTTP clients of the program and keeps them apart.
//
// Portal signs its requests and sends them to one origin only; Storage sends no
// credentials at all; Bucket sends what internal/bucket has signed, and Instance asks this
// machine for the credentials of its role. Nothing else in the program opens connections, so only a bug in this
// package could send a credential to another host, or a signed URL in a Referer header.
package transport
