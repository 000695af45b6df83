//go:build tools

// Package etcd pins the etcd that tests and benchmarks run against, and what makes and reads its snapshots.
package etcd

import (
	_ "go.etcd.io/etcd/etcdctl/v3"
	_ "go.etcd.io/etcd/etcdutl/v3"
	_ "go.etcd.io/etcd/server/v3"
)
