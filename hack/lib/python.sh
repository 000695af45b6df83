#!/usr/bin/env bash
# Makes an environment with the official Python client for the end-to-end tests, unless it is there already, and prints the
# path of its Python. With two arguments, one of that name with the packages of that file.
#
# The versions and hashes are those hack/tools/python/requirements.txt pins; a file without hashes is taken by its versions. Needs Python 3.10 or newer with its module venv
# (Debian's python3-venv). Honours DATABASES_CACHE (the folder for built tools).
set -euo pipefail

name="${1:-python}"
requirements="${2:-$(cd "$(dirname "${BASH_SOURCE[0]}")/../tools/python" && pwd)/requirements.txt}"
python=/usr/bin/python3
[[ -x "$python" ]] || python="$(command -v python3)"
release="$(sed -En 's/^(kubernetes|grpcio)==([^ ]*).*/v\2/p' "$requirements")"
hashes=()
grep -q -- --hash "$requirements" && hashes=(--require-hashes --no-deps)
version="$release-$({ "$python" --version; cat "$requirements"; } | sha256sum | cut -c1-12)"
target="${DATABASES_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/databases-standard}/bin/$name-$version"

if [[ ! -x "$target/bin/python" ]]; then
  mkdir -p "$(dirname "$target")"
  # Made beside its place and moved there, so that an interrupted installation leaves nothing that looks whole.
  trap 'rm -rf "$target.$$"' EXIT
  "$python" -m venv "$target.$$" >&2
  "$target.$$/bin/python" -m pip install --quiet --disable-pip-version-check "${hashes[@]}" --requirement "$requirements" >&2
  mv "$target.$$" "$target"
fi
echo "$target/bin/python"
