#!/usr/bin/env bash
# Builds the kubectl that the tests run, unless it is there already, and prints its path.
#
# The version is the one hack/tools/kubectl/go.mod pins (k8s.io/kubectl v0.N.P is Kubernetes v1.N.P). Needs Go.
# Honours DATABASES_CACHE (the folder for built tools).
set -euo pipefail
# shellcheck source=hack/lib/go.sh
source "$(dirname "${BASH_SOURCE[0]}")/go.sh"

module="$(pinned kubectl k8s.io/kubectl)"
target="$built/kubectl-v1.${module#v0.}"
compile kubectl "$target/kubectl" . -ldflags "$(kubernetes_flags "v1.${module#v0.}")"
echo "$target/kubectl"
