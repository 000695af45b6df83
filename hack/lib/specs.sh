#!/usr/bin/env bash
# Builds Kubernetes' own end-to-end specs of its API machinery as one program (hack/tools/kubernetes/specs), unless it is there
# already, and prints its path. A cluster with pods is what they are run against.
#
#   hack/cluster exec "$(hack/lib/specs.sh)" -kubeconfig FILE -ginkgo.focus 'Aggregator'
#
# The version is that of Kubernetes, as hack/tools/kubernetes/go.mod pins it; another source makes another folder. The first
# build takes about two minutes on two cores where Kubernetes itself is built already, else five more. Needs Go.
# Honours DATABASES_CACHE (the folder for built tools).
set -euo pipefail
# shellcheck source=hack/lib/go.sh
source "$(dirname "${BASH_SOURCE[0]}")/go.sh"

version="$(pinned kubernetes k8s.io/kubernetes)"
target="$built/specs-$version-$(sha256sum <"$tools/kubernetes/specs/main.go" | cut -c1-12)"
compile kubernetes "$target/specs" ./specs -ldflags "$(kubernetes_flags "$version")"
echo "$target/specs"
