#!/usr/bin/env bash
# shellcheck disable=SC2154,SC2034 # what the others and hack/cluster set
# Sourced by hack/cluster: the namespaces of processes, mounts and the network that the whole cluster is in. One process holds
# them and does nothing else; when it ends, the kernel ends every other in them, and the mounts and the network go as well.
# However a run ended, nothing is left but files and empty control groups.

# The node's address, and those of pods and Services, in a network that nobody else sees.
node_ip=10.77.0.1
pod_range=10.78.0.0/16
service_range=10.96.0.0/16
api_ip=10.96.0.1
dns_ip=10.96.0.10

# Where the programs of a node keep their things; inside, these are folders of ours. Outside they are empty, and stay: who
# removes such a folder takes what is mounted on it from every namespace.
places=(/var/lib/kubelet /var/lib/containerd /var/lib/cni /var/log /tmp/hostpath_pv)

# The control group that all containers are in.
cgroup() { echo "databases-standard-$(sha256sum <<<"$folder" | cut -c1-12)"; }

# One at a time starts or ends the cluster of a folder. A folder with other things in it is never taken.
alone() {
  [[ $EUID -eq 0 ]] || fail "it needs root, for pods are made of namespaces, mounts and control groups"
  [[ ! -e "$folder" || -e "$folder/.cluster" || -z "$(ls -A "$folder" 2>/dev/null)" ]] ||
    fail "$folder holds something else: give --folder a folder that is empty or not there"
  lock=
  # Whoever was waited for may have removed the folder.
  until [[ -n "$lock" && "$folder/.cluster" -ef "/proc/self/fd/$lock" ]]; do
    mkdir -p "$folder"
    exec {lock}>"$folder/.cluster"
    flock "$lock"
  done
}

# Makes it, in each hierarchy where they are of the first version: kubelet wants it there, and makes those of pods in it.
make_cgroup() {
  local hierarchy
  for hierarchy in /sys/fs/cgroup /sys/fs/cgroup/*; do
    if [[ -e "$hierarchy/cgroup.procs" && ! "$hierarchy" =~ /unified$ ]]; then mkdir -p "$hierarchy/$(cgroup)"; fi
  done
}

# Sets the process that holds the namespaces, if it is still there. Its id may be another's by now, its namespace not.
is_up() {
  [[ -r "$folder/namespaces" ]] && read -r holder network <"$folder/namespaces" &&
    [[ "$(readlink "/proc/$holder/ns/net" 2>/dev/null)" == "$network" ]]
}

inside() { nsenter --target "$holder" --mount --net --pid -- "$@"; }

# Becomes a command inside, where one stands, with the programs it was started with and the administrator's kubeconfig.
enter() {
  PATH="$(cat "$folder/etc/path")"
  export PATH KUBECONFIG="$folder/kubeconfig"
  # shellcheck disable=SC2016
  exec nsenter --target "$holder" --mount --net --pid -- \
    /bin/sh -c 'cd "$1" 2>/dev/null; shift; exec "$@"' sh "$PWD" "$@"
}

# Makes the namespaces, and in them the node's own mounts and network.
hold() {
  local place
  mkdir -p "$folder"/{log,etc} "${places[@]}" "${places[@]/#/$folder/node}"
  # Volumes are for pods of every user.
  chmod 711 "$folder/node/tmp" "$folder/node/tmp/hostpath_pv"
  cat >"$folder/etc/hold" <<'TEXT'
read -r id _ </proc/self/stat
mount -t proc proc /proc
mount --make-rshared /
mount -t tmpfs -o mode=755 tmpfs /run
resolver="$(readlink -m /etc/resolv.conf)"
mkdir -p "${resolver%/*}" && touch "$resolver" && mount --bind "$1/etc/resolv.conf" "$resolver"
for place in "${@:2}"; do mount --bind "$1/node$place" "$place"; done
echo "$id $(readlink /proc/self/ns/net)" >"$1/namespaces"
exec pause
TEXT
  echo "$PATH" >"$folder/etc/path"
  printf 'nameserver %s\nsearch svc.cluster.local cluster.local\n' "$dns_ip" >"$folder/etc/resolv.conf"
  setsid --fork unshare --fork --pid --mount --net --propagation slave \
    bash -eu "$folder/etc/hold" "$folder" "${places[@]}" >"$folder/log/hold.log" 2>&1 {lock}>&-
  wait_for "the namespaces" hold is_up
  inside sh -eu -c "
    ip link set lo up
    ip link add node0 type bridge
    ip addr add $node_ip/32 dev node0
    ip link set node0 up
    ip route add default dev node0 src $node_ip
    echo 1 >/proc/sys/net/ipv4/ip_forward"
}

# start NAME COMMAND...: runs a program inside; what it prints, and how it ends, goes to its log.
start() {
  local name="$1"
  shift
  # shellcheck disable=SC2016
  inside setsid --fork sh -c '"$@"; echo "ended with exit code $?" >"$0.ended"' "$folder/log/$name" "$@" \
    </dev/null >"$folder/log/$name.log" 2>&1 {lock}>&-
}

# wait_for WHAT NAME COMMAND...: until the command succeeds, for two minutes at most; the log of NAME says why it does not.
wait_for() {
  local what="$1" name="$2" deadline=$((SECONDS + 120))
  shift 2
  until "$@" >/dev/null 2>&1; do
    if [[ -e "$folder/log/$name.ended" || $SECONDS -ge $deadline ]]; then
      tail -n 20 "$folder/log/$name.log" >&2
      fail "$what: $name $(cat "$folder/log/$name.ended" 2>/dev/null || echo "was not ready within two minutes")"
    fi
    sleep 0.2
  done
}

# Ends everything, whatever state it is in; the logs stay.
end() {
  if is_up; then
    kill -KILL "$holder"
    while [[ -e "/proc/$holder" ]]; do sleep 0.1; done
  fi
  local deadline=$((SECONDS + 30)) left place
  while left="$(find /sys/fs/cgroup -depth -type d -path "*/$(cgroup)*" 2>/dev/null)" && [[ -n "$left" ]]; do
    xargs -r rmdir 2>/dev/null <<<"$left" || sleep 0.1
    [[ $SECONDS -lt $deadline ]] || fail "control groups are left below /sys/fs/cgroup, named $(cgroup)"
  done
  # shellcheck disable=SC2115
  for place in "$folder"/*; do
    [[ "$place" == "$folder/log" ]] || rm -rf --one-file-system "$place"
  done
  rm -f "$folder"/log/*.ended
}
