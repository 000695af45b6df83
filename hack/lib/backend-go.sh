#!/usr/bin/env bash
# Builds the example backend in Go (deploy/examples/backends/go), unless it is there already, and prints its path. Needs Go and
# protoc. Honours DATABASES_CACHE (the folder for built tools).
set -euo pipefail

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
example="$root/deploy/examples/backends/go"
release="$(awk '$1 == "google.golang.org/grpc" { print $2 }' "$example/go.mod")"
version="$release-$(cat "$example"/* "$root/api/proto/backend/v1/backend.proto" | sha256sum | cut -c1-12)"
target="${DATABASES_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/databases-standard}/bin/backend-go-$version"

if [[ ! -x "$target/servers" ]]; then
  mkdir -p "$target"
  # Built beside its place and moved there, so that an interrupted build leaves nothing that looks whole.
  trap 'rm -f "$target/servers.$$"' EXIT
  "$example/build" "$target/servers.$$" >&2
  mv "$target/servers.$$" "$target/servers"
fi
echo "$target/servers"
