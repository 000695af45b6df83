#!/usr/bin/env bash
# Builds the program that does what Flux's controllers do, by their own library (hack/tools/flux), for the end-to-end tests,
# unless it is there already, and prints its path.
#
# The versions are those hack/tools/flux/go.mod pins; another source makes another folder. Needs Go.
# Honours DATABASES_CACHE (the folder for built tools).
set -euo pipefail
# shellcheck source=hack/lib/go.sh
source "$(dirname "${BASH_SOURCE[0]}")/go.sh"

# By the version of the library first: the tests take the last folder when nobody names one.
version="$(pinned flux github.com/fluxcd/pkg/ssa)-$(cat "$tools"/flux/*.go "$tools/flux/go.mod" | sha256sum | cut -c1-12)"
target="$built/flux-$version"
compile flux "$target/flux" . -ldflags "-s -w"
echo "$target/flux"
