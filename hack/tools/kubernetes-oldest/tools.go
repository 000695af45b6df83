//go:build tools

// Package kubernetes pins the oldest control plane still supported upstream that the end-to-end tests run against.
package kubernetes

import (
	_ "k8s.io/kubernetes/cmd/kube-apiserver"
	_ "k8s.io/kubernetes/cmd/kube-controller-manager"
	_ "k8s.io/sample-apiserver"
)
