#!/usr/bin/env bash
# shellcheck disable=SC2154,SC2034 # what the others and hack/cluster set
# Sourced by hack/cluster: images without a container engine. A recipe makes a root file system and packs it as one layer into
# an archive of Docker's form on stdout, which containerd imports.

import() {
  inside ctr --namespace k8s.io images import - >"$folder/log/import.log" 2>&1 ||
    fail "an image could not be imported: $(tail -n 1 "$folder/log/import.log")"
}

# An empty folder; what an interrupted run leaves goes with the cluster's.
scratch() {
  local made
  made="$(mktemp -d "$folder/image.XXXXXX")"
  chmod 755 "$made"
  echo "$made"
}

# pack NAME FOLDER CONFIG: an image with the files of a folder. The folder goes.
pack() {
  local name="$1" files="$2" config="$3" work layer digest
  work="$(scratch)"
  tar --create --sort=name --mtime=@0 --numeric-owner --directory "$files" --file "$work/layer.tar" .
  rm -rf "$files"
  layer="$(sha256sum "$work/layer.tar" | cut -d' ' -f1)"
  printf '{"architecture": "%s", "os": "linux", "config": %s, "rootfs": {"type": "layers", "diff_ids": ["sha256:%s"]}}' \
    "$(dpkg --print-architecture)" "$config" "$layer" >"$work/config.json"
  digest="$(sha256sum "$work/config.json" | cut -d' ' -f1)"
  mv "$work/config.json" "$work/$digest.json"
  printf '[{"Config": "%s.json", "RepoTags": ["%s"], "Layers": ["layer.tar"]}]' "$digest" "$name" >"$work/manifest.json"
  tar --create --directory "$work" manifest.json "$digest.json" layer.tar
  rm -rf "$work"
}

# import_folder NAME CONFIG FOLDER: an image with the files of a folder, which stays.
import_folder() {
  local files
  PATH="$(cat "$folder/etc/path")"
  export PATH
  files="$(scratch)"
  cp --archive "$3/." "$files"
  pack "$1" "$files" "$2" | import
}

# programs_image NAME CONFIG PROGRAM...: static programs, and nothing else.
programs_image() {
  local name="$1" config="$2" files program
  shift 2
  files="$(scratch)"
  for program in "$@"; do command install -D -m 755 "$(command -v "$program")" "$files/bin/$program"; done
  pack "$name" "$files" "$config"
}

pause_image() { programs_image localhost/pause:1 '{"Entrypoint": ["/bin/pause"]}' pause; }
coredns_image() { programs_image localhost/coredns:1 '{"Entrypoint": ["/bin/coredns"]}' coredns; }
etcd_image() { programs_image "localhost/etcd:$1" '{"Env": ["PATH=/bin"]}' etcd etcdctl etcdutl; }

# server_image NAME PROGRAM: what the Dockerfile makes of a program that is built already.
server_image() {
  local files user entrypoint command
  user="$(sed -n 's/^USER //p' "$root/deploy/Dockerfile")"
  entrypoint="$(sed -n 's/^ENTRYPOINT //p' "$root/deploy/Dockerfile")"
  command="$(sed -n 's/^CMD //p' "$root/deploy/Dockerfile")"
  files="$(scratch)"
  "$root/deploy/rootfs.sh" "$2" "$files"
  pack "$1" "$files" "{\"User\": \"$user\", \"Entrypoint\": $entrypoint, \"Cmd\": $command}"
}

# The file of the image localhost/postgres: PostgreSQL of Debian's packages and a shell, kept by its version and recipe.
postgres_archive() {
  local version recipe archive
  major="$(apt-cache policy postgresql | sed -nE 's/^ *Candidate: ([0-9]+).*/\1/p')"
  version="$(apt-cache policy "postgresql-${major:-none}" | sed -n 's/^ *Candidate: //p')"
  [[ -n "$version" ]] || fail "the image postgres is made of Debian's packages, and apt knows none: run apt-get update"
  recipe="$(declare -f postgres_files | sha256sum | cut -c1-12)"
  archive="$DATABASES_CACHE/images/postgres-$version-$recipe.tar"
  if [[ ! -e "$archive" ]]; then
    say "Making the image postgres (about two minutes)" >&2
    command -v mmdebstrap >/dev/null || install "mmdebstrap" mmdebstrap >&2
    mkdir -p "${archive%/*}"
    local files
    files="$(scratch)"
    postgres_files "$major" "$files"
    local path="/usr/lib/postgresql/$major/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    pack "localhost/postgres:$major" "$files" "{\"User\": \"999:999\", \"Env\": [\"PATH=$path\"], \"Cmd\": [\"postgres\"]}" \
      >"$archive.$$"
    # One is enough: it is large.
    rm -f "$DATABASES_CACHE"/images/postgres-*.tar
    mv "$archive.$$" "$archive"
  fi
  echo "$archive"
}

# postgres_files MAJOR FOLDER: with the user's id that images of PostgreSQL have, and without what compiles queries.
postgres_files() {
  local codename out=(--dpkgopt=force-unsafe-io) path
  codename="$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)"
  for path in '/usr/share/'{doc,man,locale,info}'/*' '/usr/lib/*/libLLVM*' '/usr/lib/postgresql/*/lib/'{llvmjit*,bitcode/*}; do
    out+=(--dpkgopt="path-exclude=$path")
  done
  # shellcheck disable=SC2016
  mmdebstrap --quiet --variant=minbase --include="postgresql-$1" "${out[@]}" \
    --essential-hook='mkdir -p "$1/etc/postgresql-common/createcluster.d"' \
    --essential-hook='echo "create_main_cluster = false" >"$1/etc/postgresql-common/createcluster.d/none.conf"' \
    --essential-hook='echo "postgres:x:999:" >>"$1/etc/group"' \
    --essential-hook='echo "postgres:x:999:999:PostgreSQL:/var/lib/postgresql:/bin/bash" >>"$1/etc/passwd"' \
    --customize-hook='rm -rf "$1"/var/lib/apt/lists/* "$1"/var/cache/apt/*' \
    "$codename" "$2" >&2
  # For its socket; mmdebstrap leaves nothing there.
  command install --directory --mode=3777 --owner=999 --group=999 "$2/run/postgresql"
}
