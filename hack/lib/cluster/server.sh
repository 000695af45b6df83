#!/usr/bin/env bash
# shellcheck disable=SC2154,SC2034 # what the others and hack/cluster set
# Sourced by hack/cluster: our server, in the image that deploy/ describes, installed with the chart as it is, with the rights to
# drive whatever operator is installed later, and a class whose databases are plain pods.

install_server() {
  local program="$server" tag archive major etcd operators
  if [[ -z "$program" ]]; then
    need_cargo
    need_cc
    need_protoc
    say "Building the server (the first time: about ten minutes on two cores)"
    (cd "$root" && cargo build --release --locked --package databases-apiserver --features etcd)
    program="$CARGO_TARGET_DIR/release/databases-apiserver"
  fi
  archive="$(postgres_archive)"
  major="$(tar --extract --to-stdout --file "$archive" manifest.json | sed -E 's/.*postgres:([0-9]+).*/\1/')"
  # A program that was built anew has another name, so that the pods are replaced.
  tag="$(sha256sum "$program" | cut -c1-12)"
  etcd="$(etcd --version | sed -n 's/^etcd Version: /v/p')"
  operators="$(basename --multiple "$root"/deploy/chart/databases-apiserver/operators/* | paste --serial --delimiters ,)"
  say "Installing the server"
  import <"$archive"
  etcd_image "$etcd" | import
  server_image "localhost/databases-apiserver:$tag" "$program" | import
  inside helm upgrade --install databases "$root/deploy/chart/databases-apiserver" \
    --kubeconfig "$folder/kubeconfig" --namespace databases-system --create-namespace \
    --set certManager.enabled=false --set "operators={$operators}" --set image.repository=localhost/databases-apiserver --set-string "image.tag=$tag" \
    --set etcd.image.repository=localhost/etcd --set "etcd.image.tag=$etcd" \
    --set backup.image.repository=localhost/postgres --set-string "backup.image.tag=$major" >"$folder/log/helm.log" 2>&1 ||
    fail "the chart could not be installed: $(tail -n 5 "$folder/log/helm.log")"
  local workload version
  for workload in statefulset/databases-etcd deployment/databases-apiserver; do
    wait_for "$workload" helm kubectl rollout status --namespace databases-system --timeout=5s "$workload"
  done
  for version in v1 v1alpha1; do
    wait_for "version $version" helm kubectl wait --for=condition=Available --timeout=5s "apiservice/$version.databases.standard.k8s.io"
  done
  sed "s|MAJOR|$major|g" "$root/hack/lib/cluster/class.yaml" | kubectl apply --filename - >"$folder/log/class.log" 2>&1 ||
    fail "the class could not be made: $(tail -n 1 "$folder/log/class.log")"
  wait_for "class statefulset" class kubectl wait --for=condition=Accepted --timeout=5s dbclass/statefulset
}
