#!/usr/bin/env bash
# Builds the field's own Go clients (client-go's informers and pager, controller-runtime) as one program for the
# end-to-end tests, unless it is there already, and prints its path.
#
# The versions are those hack/tools/clients/go.mod pins; another source makes another folder. Needs Go.
# Honours DATABASES_CACHE (the folder for built tools).
set -euo pipefail

tools="$(cd "$(dirname "${BASH_SOURCE[0]}")/../tools/clients" && pwd)"
# By the version of client-go first: the tests take the last folder when nobody names one.
release="$(awk '$1 == "k8s.io/client-go" { print $2 }' "$tools/go.mod")"
version="$release-$(cat "$tools"/*.go "$tools/go.mod" | sha256sum | cut -c1-12)"
target="${DATABASES_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/databases-standard}/bin/clients-$version"

if [[ ! -x "$target/clients" ]]; then
  command -v go >/dev/null || { echo "clients.sh: Go is needed to build the Go clients; install it from https://go.dev/dl/" >&2; exit 1; }
  mkdir -p "$target"
  # Built beside its place and moved there, so that an interrupted build leaves nothing that looks whole.
  trap 'rm -f "$target/clients.$$"' EXIT
  (cd "$tools" && CGO_ENABLED=0 go build -p 2 -trimpath -ldflags "-s -w" -o "$target/clients.$$" .) >&2
  mv "$target/clients.$$" "$target/clients"
fi
echo "$target/clients"
