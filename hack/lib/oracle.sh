#!/usr/bin/env bash
# Builds the program that answers what Kubernetes' own libraries make of a case (hack/tools/oracle), unless it is there
# already, and prints its path.
#
# The versions are those hack/tools/oracle/go.mod pins; another source makes another folder. Needs Go.
# Honours DATABASES_CACHE (the folder for built tools).
set -euo pipefail
# shellcheck source=hack/lib/go.sh
source "$(dirname "${BASH_SOURCE[0]}")/go.sh"

# By the version of apimachinery first: the tests take the last folder when nobody names one.
version="$(pinned oracle k8s.io/apimachinery)-$(cat "$tools"/oracle/*.go "$tools/oracle/go.mod" | sha256sum | cut -c1-12)"
target="$built/oracle-$version"
compile oracle "$target/oracle" . -ldflags "-s -w"
echo "$target/oracle"
