#!/usr/bin/env bash
# Builds the field's own Go clients (client-go's informers and pager, controller-runtime) as one program for the
# end-to-end tests, unless it is there already, and prints its path.
#
# The versions are those hack/tools/clients/go.mod pins; another source makes another folder. Needs Go.
# Honours DATABASES_CACHE (the folder for built tools).
set -euo pipefail
# shellcheck source=hack/lib/go.sh
source "$(dirname "${BASH_SOURCE[0]}")/go.sh"

# By the version of client-go first: the tests take the last folder when nobody names one.
version="$(pinned clients k8s.io/client-go)-$(cat "$tools"/clients/*.go "$tools/clients/go.mod" | sha256sum | cut -c1-12)"
target="$built/clients-$version"
compile clients "$target/clients" . -ldflags "-s -w"
echo "$target/clients"
