#!/usr/bin/env bash
# Builds the kubectl that the tests run, unless it is there already, and prints its path.
#
# The version is the one hack/tools/kubectl/go.mod pins (k8s.io/kubectl v0.N.P is Kubernetes v1.N.P). Needs Go.
# Honours DATABASES_CACHE (the folder for built tools).
set -euo pipefail

tools="$(cd "$(dirname "${BASH_SOURCE[0]}")/../tools/kubectl" && pwd)"
module="$(awk '$1 == "k8s.io/kubectl" { print $2; exit }' "$tools/go.mod")"
version="v1.${module#v0.}"
target="${DATABASES_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/databases-standard}/bin/kubectl-$version"

if [[ ! -x "$target/kubectl" ]]; then
  command -v go >/dev/null || { echo "kubectl.sh: Go is needed to build kubectl $version; install it from https://go.dev/dl/" >&2; exit 1; }
  # kubectl refuses to parse a version it was not given.
  minor="${module#v0.}"
  flags="-s -w"
  for package in k8s.io/component-base/version k8s.io/client-go/pkg/version; do
    flags+=" -X $package.gitVersion=$version -X $package.gitMajor=1 -X $package.gitMinor=${minor%%.*}"
    flags+=" -X $package.gitTreeState=clean"
  done
  mkdir -p "$target"
  # Built beside its place and moved there, so that an interrupted build leaves nothing that looks whole.
  trap 'rm -f "$target/kubectl.$$"' EXIT
  (cd "$tools" && CGO_ENABLED=0 go build -trimpath -ldflags "$flags" -o "$target/kubectl.$$" .) >&2
  mv "$target/kubectl.$$" "$target/kubectl"
fi
echo "$target/kubectl"
