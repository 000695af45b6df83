#!/bin/sh
# Starts PostgreSQL, always as a standby: whether it becomes the primary is said over SQL by databases-apiserver alone, and to
# one pod at a time. So whatever was true when this pod was there last, nothing is written here that is not meant to be.
#
# The data is made once (where `initialize` says so), copied from the primary, or wound back to what the primary has. What can
# be reached at $PRIMARY and takes writes is the primary.
set -eu
umask 077
export LC_ALL=C PGPASSFILE="$RUN/passfile" PGCONNECT_TIMEOUT=5
# From the beginning: who is the first process of a container is not ended by what it does not heed. A fast shutdown hands
# everything over to the standbys; whoever is connected does not hold it up.
server="" ended=""
trap 'exit 143' TERM INT
data="$DATA/pgdata" new="$DATA/pgdata.new" manager=databases_manager
# A pod of an earlier release has no certificate.
TLS="${TLS:-/etc/databases-tls}"
# Where others are refused, connections to the primary are encrypted; else where the primary can.
PGSSLMODE=prefer
! grep -q primary-require "$CONFIG/encryption.conf" || PGSSLMODE=require
export PGSSLMODE

say() { echo "start: $*"; }
die() { say "$*"; exit 1; }
# For sed.
setting() { "$bin/pg_controldata" -D "$data" | sed -n "s/^$1: *//p"; }
primary() { "$bin/psql" -XAtq -h "$PRIMARY" -p "$PORT" -U "$manager" -d postgres -c "$1" 2>&1; }

for bin in "/usr/lib/postgresql/$MAJOR/bin" /usr/local/bin "/usr/pgsql-$MAJOR/bin" /usr/bin ""; do
  [ -n "$bin" ] || die "this image has no PostgreSQL $MAJOR in any place that is known"
  [ ! -x "$bin/postgres" ] || break
done
mkdir -p "$RUN/sockets"
printf '%s' "$bin" > "$RUN/bin"
printf '*:*:*:%s:%s\n' "$manager" "$(cat "$SECRETS/password")" > "$RUN/passfile"

# Whether there is a primary; what it is called by all its copies.
primary_system() {
  primary "SELECT system_identifier FROM pg_control_system() WHERE NOT pg_is_in_recovery()" | grep -Ex '[0-9]+'
}

initialize() {
  say "making a new database"
  rm -rf "$new"
  "$bin/initdb" -D "$new" -U "$manager" --pwfile="$SECRETS/password" --auth=scram-sha-256 --data-checksums \
    --encoding=UTF8 --locale=C.UTF-8 --no-sync >/dev/null
  "$bin/initdb" -D "$new" --sync-only >/dev/null
  mv "$new" "$data"
}

clone() {
  say "copying the data of the primary"
  rm -rf "$new"
  "$bin/pg_basebackup" -D "$new" -h "$PRIMARY" -p "$PORT" -U "$manager" -X stream -c fast || return 1
  rm -rf "$data"
  mv "$new" "$data"
}

rewind() {
  # How far the primary is may be said by its control file alone, which is behind.
  primary CHECKPOINT >/dev/null
  "$bin/pg_rewind" -D "$data" "$@" --source-server="host=$PRIMARY port=$PORT user=$manager dbname=postgres" && return 0
  say "the data here cannot be wound back to that of the primary"
  clone
}

# What was written here and nowhere else, by a primary that is none any more, is given up. Where nothing was, nothing is to be
# touched: what pg_rewind does first would itself be something that the primary has not.
follow() {
  [ ! -e "$data/backup_label" ] || return 0
  there="$(primary 'SELECT substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8)')"
  state="$(setting 'Database cluster state')"
  case "$state" in
    "in archive recovery" | "shut down in recovery")
      reached="$(setting 'Minimum recovery ending location')"
      kept="$(primary "SELECT count(*) FROM pg_ls_waldir() WHERE substr(name, 9) = substr(pg_walfile_name('$reached'), 9)")"
      if [ "$kept" = 0 ] && [ "$reached" != 0/0 ]; then
        say "the primary has not kept the log that is needed here"
        clone
      elif [ "$state" = "shut down in recovery" ] && [ "$(setting "Latest checkpoint's TimeLineID")" -ne $((0x$there)) ]; then
        rewind --no-ensure-shutdown
      fi ;;
    *)
      for file in "$data"/pg_wal/????????????????????????; do here="${file##*/}"; done
      if [ $((0x${here%????????????????})) -lt $((0x$there)) ]; then
        rm -f "$data/standby.signal"
        rewind
      else
        # Two histories of one number cannot be told apart.
        clone
      fi ;;
  esac
}

until [ -s "$data/PG_VERSION" ]; do
  case "$POD_NAME" in *-0) [ "$(cat "$CONFIG/initialize")" != yes ] || { initialize; break; } ;; esac
  if primary_system >/dev/null && clone; then break; fi
  say "there is no data here, and no primary to copy from"
  sleep 2
done
[ "$(cat "$data/PG_VERSION")" = "$MAJOR" ] || die "the data is of PostgreSQL $(cat "$data/PG_VERSION"), the image of $MAJOR"

if system="$(primary_system)"; then
  [ "$system" = "$(setting 'Database system identifier')" ] || die "the data here is of another database than the primary's"
  follow
fi
# A volume's group may have been given rights to it.
chmod 700 "$data"
rm -f "$data/standby.signal"
: > "$data/postgresql.auto.conf"
# Slots are of who is the primary, which makes them; left behind they would keep the log for ever.
rm -rf "$data"/pg_replslot/server_[0-9]*

# Files that PostgreSQL does not take are passed over for those of the last start.
own="$RUN/postgresql.conf" good="$DATA/good.conf"
# Which of these files are included, the configuration says, and says anew while PostgreSQL runs.
for mode in prefer require; do
  cat > "$RUN/primary-$mode.conf" <<CONF
primary_conninfo = 'host=$PRIMARY port=$PORT user=$manager passfile=$PGPASSFILE sslmode=$mode application_name=$POD_NAME connect_timeout=5 options=''-c statement_timeout=0'''
CONF
done
ln -sf "$CONFIG/encryption.conf" "$TLS/certificate.conf" "$RUN/"
configure() {
  cat > "$own" <<CONF
include '$1'
listen_addresses = '$POD_IPS,localhost'
port = $PORT
unix_socket_directories = '$RUN/sockets'
hba_file = '$CONFIG/pg_hba.conf'
ident_file = '$CONFIG/pg_ident.conf'
cluster_name = '$POD_UID'
ssl_cert_file = '$TLS/tls.crt'
ssl_key_file = '$TLS/tls.key'
include '$RUN/encryption.conf'
primary_slot_name = 'server_${POD_NAME##*-}'
CONF
}
value() { "$bin/postgres" -C "$1" -D "$data" -c config_file="$own"; }
configure "$CONFIG/postgresql.conf"
if complaint="$(value port 2>&1)"; then
  cp "$CONFIG/postgresql.conf" "$good"
elif [ -s "$good" ]; then
  say "PostgreSQL does not take its settings, and gets those of before: $complaint"
  configure "$good"
  echo "databases_standard.complaint = '$(echo "$complaint" | sed -n 's/.*LOG:  *//p' | head -n 1 | tr -d "'\\\\")'" >> "$own"
fi
# A standby must have as much of some settings as there was when its data was written. Who was a primary, and ended in good order
# with nobody after it, may write down that there is less from now on.
raised=""
each_raised() {
  for each in max_connections:max_connections max_locks_per_transaction:max_locks_per_xact max_wal_senders:max_wal_senders \
    max_prepared_transactions:max_prepared_xacts max_worker_processes:max_worker_processes; do
    least="$(setting "${each#*:} setting")"
    [ "$(value "${each%:*}")" -ge "$least" ] || "$@" "${each%:*}" "$least"
  done
}
note() { raised="$raised $1"; }
raise() { echo "$1 = $2" >> "$own"; }
each_raised note
if [ -n "$raised" ] && [ "$(setting 'Database cluster state')" = "shut down" ]; then
  say "writing down that there is less of:$raised"
  "$bin/postgres" --single -D "$data" -c config_file="$own" postgres </dev/null >/dev/null || true
  raised=""
  each_raised note
fi
each_raised raise
[ -z "$raised" ] || echo "databases_standard.raised = '$raised'" >> "$own"
touch "$data/standby.signal"

# How PostgreSQL itself connects, its files say.
unset PGSSLMODE
# From here on nothing but PostgreSQL ends this script.
trap 'ended=yes; [ -z "$server" ] || kill -INT "$server" 2>/dev/null || true' TERM INT
"$bin/postgres" -D "$data" -c config_file="$own" &
server=$!
[ -z "$ended" ] || kill -INT "$server"
code=0
while kill -0 "$server" 2>/dev/null; do
  code=0
  wait "$server" || code=$?
done
exit $code
