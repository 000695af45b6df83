#!/usr/bin/env bash
# Builds the programs of a cluster with one node, unless they are there already, and prints their folders as a PATH: upstream's
# etcd, Kubernetes, containerd and CoreDNS, and the program that holds the namespaces of a pod.
#
#   PATH="$(hack/lib/node.sh):$PATH"
#
# The versions are those that hack/tools/*/go.mod pin. The first build takes about 15 minutes on two cores. Needs Go.
# Honours DATABASES_CACHE (the folder for built tools) and CACHED_ONLY (not empty: builds nothing, and fails when something
# is missing).
set -euo pipefail
library="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
# shellcheck source=hack/lib/go.sh
source "$library/go.sh"

kubernetes="$("$library/kubernetes.sh" --node)"
etcd="$("$library/etcd.sh" --tools)"
containerd="$built/containerd-$(pinned containerd github.com/containerd/containerd/v2)"
for program in containerd containerd-shim-runc-v2 ctr; do
  compile containerd "$containerd/$program" "github.com/containerd/containerd/v2/cmd/$program" \
    -tags no_btrfs,no_devmapper,no_zfs -ldflags "-s -w"
done
coredns="$built/coredns-$(pinned coredns github.com/coredns/coredns)"
compile coredns "$coredns/coredns" . -ldflags "-s -w"
pause="$built/pause-$(cat "$tools"/pause/* | sha256sum | cut -c1-12)"
compile pause "$pause/pause" . -ldflags "-s -w"
echo "$kubernetes:${etcd%/*}:$containerd:$coredns:$pause"
