#!/usr/bin/env bash
# Builds the etcd that tests and benchmarks run against, unless it is there already, and prints its path.
#
#   ETCD_BIN="$(hack/lib/etcd.sh)" cargo test -p databases-storage
#
#   hack/lib/etcd.sh --tools  builds what makes and reads its snapshots beside it, too
#
# The version is the one hack/tools/etcd/go.mod pins. Needs Go. Honours DATABASES_CACHE (the folder for built tools).
set -euo pipefail
# shellcheck source=hack/lib/go.sh
source "$(dirname "${BASH_SOURCE[0]}")/go.sh"

target="$built/etcd-$(pinned etcd go.etcd.io/etcd/server/v3)"
compile etcd "$target/etcd" go.etcd.io/etcd/server/v3
if [[ "${1:-}" == --tools ]]; then
  for program in etcdctl etcdutl; do
    compile etcd "$target/$program" "go.etcd.io/etcd/$program/v3" -ldflags "-s -w"
  done
fi
echo "$target/etcd"
