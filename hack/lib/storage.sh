#!/usr/bin/env bash
# Builds Kubernetes' own tests of a storage (k8s.io/apiserver/pkg/storage/testing) as one program that asks a server over HTTP
# (hack/tools/storage), unless it is there already, and prints its path.
#
# The versions are those hack/tools/storage/go.mod pins; another source makes another folder. Takes about half a minute where
# the Go clients are built already, else three. Needs Go. Honours DATABASES_CACHE (the folder for built tools).
set -euo pipefail
# shellcheck source=hack/lib/go.sh
source "$(dirname "${BASH_SOURCE[0]}")/go.sh"

# By the version of apiserver first: the tests take the last folder when nobody names one.
version="$(pinned storage k8s.io/apiserver)-$(cat "$tools"/storage/*.go "$tools/storage/go.mod" | sha256sum | cut -c1-12)"
target="$built/storage-testing-$version/storage-testing"

# Each of upstream's functions must be named; a test that is new in another version would be left out in silence.
every_function_is_named() {
  local upstream function
  upstream="$(cd "$tools/storage" && go list -f '{{.Dir}}' k8s.io/apiserver/pkg/storage/testing)"
  while read -r function; do
    grep -q "\"$function\":" "$tools/storage/tests.go" ||
      { echo "${0##*/}: $function of $upstream is not in hack/tools/storage/tests.go" >&2; exit 1; }
  done < <(sed -n 's/^func \(Run[A-Za-z]*\)(.*/\1/p' "$upstream"/*_tests.go)
}

if [[ ! -x "$target" ]] && command -v go >/dev/null; then every_function_is_named; fi
compile storage "$target" . -ldflags "-s -w"
echo "$target"
