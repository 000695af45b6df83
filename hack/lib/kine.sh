#!/usr/bin/env bash
# Builds kine, a server that speaks etcd's API over SQL, unless it is there already, and prints its path. Two tests of the suite
# storage are about it, where it is built.
#
# The version is the one hack/tools/kine/go.mod pins. Takes about five minutes on two cores. Needs Go. Honours DATABASES_CACHE
# (the folder for built tools).
set -euo pipefail
# shellcheck source=hack/lib/go.sh
source "$(dirname "${BASH_SOURCE[0]}")/go.sh"

target="$built/kine-$(pinned kine github.com/k3s-io/kine)"
compile kine "$target/kine" github.com/k3s-io/kine -ldflags "-s -w"
echo "$target/kine"
