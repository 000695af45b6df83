#!/usr/bin/env bash
# Builds the Helm that the tests lint, render and install the chart with, unless it is there already, and prints its path.
#
# The version is the one hack/tools/helm/go.mod pins. Needs Go. Honours DATABASES_CACHE (the folder for built tools).
set -euo pipefail

tools="$(cd "$(dirname "${BASH_SOURCE[0]}")/../tools/helm" && pwd)"
version="$(awk '$1 == "helm.sh/helm/v4" || $2 == "helm.sh/helm/v4" { print $NF; exit }' "$tools/go.mod")"
target="${DATABASES_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/databases-standard}/bin/helm-$version"

if [[ ! -x "$target/helm" ]]; then
  command -v go >/dev/null || { echo "helm.sh: Go is needed to build Helm $version; install it from https://go.dev/dl/" >&2; exit 1; }
  mkdir -p "$target"
  # Built beside its place and moved there, so that an interrupted build leaves nothing that looks whole.
  trap 'rm -f "$target/helm.$$"' EXIT
  (cd "$tools" && CGO_ENABLED=0 go build -trimpath -ldflags "-s -w" -o "$target/helm.$$" helm.sh/helm/v4/cmd/helm) >&2
  mv "$target/helm.$$" "$target/helm"
fi
echo "$target/helm"
