#!/usr/bin/env bash
# Sourced by the scripts of hack/: where things are kept, and what a machine must have.
#
# DATABASES_CACHE   folder of built tools and of cargo's target (default: ~/.cache/databases-standard)
# CARGO_TARGET_DIR  cargo's target alone

root="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
export DATABASES_CACHE="${DATABASES_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/databases-standard}"
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$DATABASES_CACHE/target}"

# Cargo tells the crates of two checkouts apart by nothing but the age of their files: what another checkout left in the
# target folder would pass for ours. Ours is made newer whenever the checkout changes.
mkdir -p "$CARGO_TARGET_DIR"
if [[ "$(cat "$CARGO_TARGET_DIR/.checkout" 2>/dev/null)" != "$root" ]]; then
  git -C "$root" ls-files -z | (cd "$root" && xargs -0 touch -c --) || true
  printf '%s\n' "$root" >"$CARGO_TARGET_DIR/.checkout"
fi

say() { printf '==> %s\n' "$*"; }

fail() {
  printf '%s: %s\n' "${0#"$root/"}" "$*" >&2
  exit 1
}

need_cargo() {
  if ! command -v cargo >/dev/null && [[ -x "$HOME/.cargo/bin/cargo" ]]; then
    PATH="$HOME/.cargo/bin:$PATH"
  fi
  command -v cargo >/dev/null ||
    fail "the Rust toolchain is missing: install it as https://rustup.rs says, then run this again"
}

need_go() {
  if ! command -v go >/dev/null && [[ -x /usr/local/go/bin/go ]]; then
    PATH="/usr/local/go/bin:$PATH"
  fi
  command -v go >/dev/null ||
    fail "the Go toolchain is missing: install it as https://go.dev/doc/install says, then run this again"
}

# install WHAT PACKAGE...: as root with apt-get; otherwise one sentence.
install() {
  local what="$1"
  shift
  if [[ $EUID -ne 0 ]] || ! command -v apt-get >/dev/null; then
    fail "$what is missing: install it as root (on Debian: apt-get install -y $*), then run this again"
  fi
  say "Installing $* (Debian package, about a minute)"
  # A machine that never updated its package lists has none; one that did need not wait for it.
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$@" >/dev/null 2>&1 ||
    { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$@" >/dev/null; } ||
    fail "Debian's package for $what could not be installed: see the lines above"
}

need_git() { command -v git >/dev/null || install "git" git; }

need_cc() { command -v cc >/dev/null || install "a C compiler" gcc libc6-dev; }

# The build of etcd's client runs protoc, which must find the messages that come with it.
need_protoc() {
  "${PROTOC:-protoc}" --descriptor_set_out=/dev/null google/protobuf/descriptor.proto 2>/dev/null ||
    install "protoc" protobuf-compiler libprotobuf-dev
}

need_python() {
  /usr/bin/python3 -c 'import ensurepip, venv' 2>/dev/null || install "Python with its module venv" python3 python3-venv
}

postgresql_installed() { compgen -G '/usr/lib/postgresql/*/bin/postgres' >/dev/null; }

need_postgresql() {
  postgresql_installed && return
  if [[ $EUID -eq 0 && -d /etc ]]; then
    # Debian's package would start a cluster of its own, which nobody asked for.
    mkdir -p /etc/postgresql-common/createcluster.d
    echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.d/databases-standard.conf
  fi
  install "PostgreSQL" postgresql
  postgresql_installed || fail "Debian's package postgresql is there, but /usr/lib/postgresql/*/bin/postgres is not"
}

# Can the user that PostgreSQL runs as, when we are root, get into folder $1?
reachable_by_postgres() {
  local folder="$1"
  while [[ ! -d "$folder" ]]; do folder="$(dirname "$folder")"; done
  setpriv --reuid=postgres --regid=postgres --clear-groups test -x "$folder" 2>/dev/null
}
