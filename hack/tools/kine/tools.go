//go:build tools

// Package kine pins a server that speaks etcd's API over SQL, and does not do all as etcd does.
package kine

import _ "github.com/k3s-io/kine"
