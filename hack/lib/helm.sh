#!/usr/bin/env bash
# Builds the Helm that the tests lint, render and install the chart with, unless it is there already, and prints its path.
#
# The version is the one hack/tools/helm/go.mod pins. Needs Go. Honours DATABASES_CACHE (the folder for built tools).
set -euo pipefail
# shellcheck source=hack/lib/go.sh
source "$(dirname "${BASH_SOURCE[0]}")/go.sh"

target="$built/helm-$(pinned helm helm.sh/helm/v4)"
compile helm "$target/helm" helm.sh/helm/v4/cmd/helm -ldflags "-s -w"
echo "$target/helm"
