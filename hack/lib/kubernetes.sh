#!/usr/bin/env bash
# Builds the control plane that the end-to-end tests run against (kube-apiserver, kube-controller-manager and upstream's
# sample-apiserver), unless it is there already, and prints its folder.
#
#   KUBERNETES_BIN="$(hack/lib/kubernetes.sh)" cargo test -p suites --test e2e
#
#   hack/lib/kubernetes.sh           the newest version, as hack/tools/kubernetes/go.mod pins it
#   hack/lib/kubernetes.sh --oldest  the oldest that upstream supports, as hack/tools/kubernetes-oldest/go.mod pins it
#
# The first build takes about 10 minutes on two cores. Needs Go.
# Honours DATABASES_CACHE (the folder for built tools).
set -euo pipefail

case "${1:-}" in
  "") folder=kubernetes ;;
  --oldest) folder=kubernetes-oldest ;;
  *) echo "kubernetes.sh: unknown argument $1; there is --oldest" >&2; exit 1 ;;
esac
tools="$(cd "$(dirname "${BASH_SOURCE[0]}")/../tools/$folder" && pwd)"
version="$(awk '$1 == "k8s.io/kubernetes" { print $2; exit }' "$tools/go.mod")"
target="${DATABASES_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/databases-standard}/bin/kubernetes-$version"

# Clients refuse to parse the version of a server that was not given one.
minor="${version#v1.}"
flags="-s -w"
for package in k8s.io/component-base/version k8s.io/client-go/pkg/version; do
  flags+=" -X $package.gitVersion=$version -X $package.gitMajor=1 -X $package.gitMinor=${minor%%.*}"
  flags+=" -X $package.gitTreeState=clean"
done

mkdir -p "$target"
for program in k8s.io/kubernetes/cmd/kube-apiserver k8s.io/kubernetes/cmd/kube-controller-manager k8s.io/sample-apiserver; do
  name="${program##*/}"
  [[ -x "$target/$name" ]] && continue
  command -v go >/dev/null ||
    { echo "kubernetes.sh: Go is needed to build $name $version; install it from https://go.dev/dl/" >&2; exit 1; }
  # Built beside its place and moved there, so that an interrupted build leaves nothing that looks whole.
  trap 'rm -f "$target/$name.$$"' EXIT
  (cd "$tools" && CGO_ENABLED=0 go build -p 2 -trimpath -ldflags "$flags" -o "$target/$name.$$" "$program") >&2
  mv "$target/$name.$$" "$target/$name"
done
echo "$target"
