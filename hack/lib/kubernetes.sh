#!/usr/bin/env bash
# Builds the control plane that the end-to-end tests run against (kube-apiserver, kube-controller-manager and upstream's
# sample-apiserver), unless it is there already, and prints its folder.
#
#   KUBERNETES_BIN="$(hack/lib/kubernetes.sh)" cargo test -p suites --test e2e
#
#   hack/lib/kubernetes.sh           the newest version, as hack/tools/kubernetes/go.mod pins it
#   hack/lib/kubernetes.sh --node    the same, and what a node needs beside it: kubelet, kube-proxy and kube-scheduler
#   hack/lib/kubernetes.sh --oldest  the oldest that upstream supports, as hack/tools/kubernetes-oldest/go.mod pins it
#
# The first build takes about 10 minutes on two cores. Needs Go.
# Honours DATABASES_CACHE (the folder for built tools).
set -euo pipefail
# shellcheck source=hack/lib/go.sh
source "$(dirname "${BASH_SOURCE[0]}")/go.sh"

folder=kubernetes
programs=(k8s.io/kubernetes/cmd/kube-apiserver k8s.io/kubernetes/cmd/kube-controller-manager k8s.io/sample-apiserver)
case "${1:-}" in
  "") ;;
  --node) programs+=(k8s.io/kubernetes/cmd/kubelet k8s.io/kubernetes/cmd/kube-proxy k8s.io/kubernetes/cmd/kube-scheduler) ;;
  --oldest) folder=kubernetes-oldest ;;
  *) echo "kubernetes.sh: unknown argument $1; there are --node and --oldest" >&2; exit 1 ;;
esac
version="$(pinned "$folder" k8s.io/kubernetes)"

for program in "${programs[@]}"; do
  compile "$folder" "$built/kubernetes-$version/${program##*/}" "$program" -ldflags "$(kubernetes_flags "$version")"
done
echo "$built/kubernetes-$version"
