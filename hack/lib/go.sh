#!/usr/bin/env bash
# Sourced by the scripts that build programs from their Go modules: which version, and the way into the cache.

tools="$(cd "$(dirname "${BASH_SOURCE[0]}")/../tools" && pwd)"
# What is built goes here, by its version.
# shellcheck disable=SC2034
built="${DATABASES_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/databases-standard}/bin"

# pinned FOLDER MODULE: the version that hack/tools/FOLDER/go.mod pins.
pinned() { awk -v module="$2" '$1 == module || $2 == module { print $NF; exit }' "$tools/$1/go.mod"; }

# kubernetes_flags VERSION: what the linker is told. Clients refuse to parse the version of a program that was not given one.
kubernetes_flags() {
  local minor="${1#v1.}" flags="-s -w" package
  for package in k8s.io/component-base/version k8s.io/client-go/pkg/version; do
    flags+=" -X $package.gitVersion=$1 -X $package.gitMajor=1 -X $package.gitMinor=${minor%%.*} -X $package.gitTreeState=clean"
  done
  echo "$flags"
}

# compile FOLDER PROGRAM PACKAGE FLAG...: builds a package, as hack/tools/FOLDER/go.mod pins it, unless it is there already.
compile() {
  local folder="$1" program="$2" package="$3"
  shift 3
  [[ -x "$program" ]] && return
  [[ -z "${CACHED_ONLY:-}" ]] || { echo "${0##*/}: $program is not built" >&2; exit 1; }
  command -v go >/dev/null ||
    { echo "${0##*/}: Go is needed to build ${program##*/}; install it from https://go.dev/dl/" >&2; exit 1; }
  mkdir -p "$(dirname "$program")"
  # Built beside its place and moved there, so that an interrupted build leaves nothing that looks whole.
  beside="$program.$$"
  trap 'rm -f "$beside"' EXIT
  (cd "$tools/$folder" && CGO_ENABLED=0 go build -p 2 -trimpath "$@" -o "$beside" "$package") >&2
  mv "$beside" "$program"
}
