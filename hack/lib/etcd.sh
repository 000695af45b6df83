#!/usr/bin/env bash
# Builds the etcd that tests and benchmarks run against, unless it is there already, and prints its path.
#
#   ETCD_BIN="$(hack/lib/etcd.sh)" cargo test -p databases-storage
#
# The version is the one hack/tools/etcd/go.mod pins. Needs Go. Honours DATABASES_CACHE (the folder for built tools).
set -euo pipefail

tools="$(cd "$(dirname "${BASH_SOURCE[0]}")/../tools/etcd" && pwd)"
version="$(awk '$1 == "go.etcd.io/etcd/server/v3" || $2 == "go.etcd.io/etcd/server/v3" { print $NF; exit }' "$tools/go.mod")"
target="${DATABASES_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/databases-standard}/bin/etcd-$version"

if [[ ! -x "$target/etcd" ]]; then
  command -v go >/dev/null || { echo "etcd.sh: Go is needed to build etcd $version; install it from https://go.dev/dl/" >&2; exit 1; }
  mkdir -p "$target"
  # Built beside its place and moved there, so that an interrupted build leaves nothing that looks whole.
  trap 'rm -f "$target/etcd.$$"' EXIT
  (cd "$tools" && CGO_ENABLED=0 go build -trimpath -o "$target/etcd.$$" go.etcd.io/etcd/server/v3) >&2
  mv "$target/etcd.$$" "$target/etcd"
fi
echo "$target/etcd"
