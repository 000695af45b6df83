#!/usr/bin/env bash
# shellcheck disable=SC2154,SC2034 # what the others and hack/cluster set
# Sourced by hack/cluster: two authorities, as a cluster should have, so that no client certificate can speak for somebody
# else; what they sign; and the kubeconfigs.

make_pki() (
  mkdir "$folder/pki"
  chmod 700 "$folder/pki"
  cd "$folder/pki" || exit
  authority cluster
  authority front-proxy
  signed kube-apiserver cluster /CN=kube-apiserver \
    "DNS:kubernetes.default.svc,DNS:kubernetes.default,DNS:localhost,IP:127.0.0.1,IP:$node_ip,IP:$api_ip"
  signed kubelet cluster /O=system:nodes/CN=system:node:node0 "DNS:node0,IP:$node_ip"
  signed admin cluster /O=system:masters/CN=admin
  signed kube-controller-manager cluster /CN=system:kube-controller-manager
  signed kube-scheduler cluster /CN=system:kube-scheduler
  signed kube-proxy cluster /CN=system:kube-proxy
  signed front-proxy-client front-proxy /CN=front-proxy-client
  openssl ecparam -genkey -name prime256v1 -noout -out service-account.key
  local user
  for user in kubelet kube-controller-manager kube-scheduler kube-proxy; do kubeconfig "$user" "$folder/etc/$user.kubeconfig"; done
  kubeconfig admin "$folder/kubeconfig"
)

# authority NAME: NAME-ca.crt and NAME-ca.key.
authority() {
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 3650 -subj "/CN=$1-ca" \
    -addext keyUsage=critical,keyCertSign,cRLSign -keyout "$1-ca.key" -out "$1-ca.crt" 2>/dev/null
}

# signed NAME AUTHORITY SUBJECT [NAMES]: NAME.crt and NAME.key, for a client, and for a server of those names.
signed() {
  {
    echo "extendedKeyUsage=clientAuth${4:+,serverAuth}"
    [[ -z "${4:-}" ]] || echo "subjectAltName=$4"
  } >extensions
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj "$3" -keyout "$1.key" -out "$1.csr" 2>/dev/null
  openssl x509 -req -in "$1.csr" -CA "$2-ca.crt" -CAkey "$2-ca.key" -CAcreateserial -days 3650 -extfile extensions \
    -out "$1.crt" 2>/dev/null
}

# kubeconfig USER FILE
kubeconfig() {
  (
    umask 077
    cat >"$2" <<YAML
apiVersion: v1
kind: Config
clusters:
  - name: cluster
    cluster: {server: "https://$node_ip:6443", certificate-authority-data: $(base64 -w0 cluster-ca.crt)}
users:
  - name: $1
    user: {client-certificate-data: $(base64 -w0 "$1.crt"), client-key-data: $(base64 -w0 "$1.key")}
contexts:
  - name: cluster
    context: {cluster: cluster, user: $1}
current-context: cluster
YAML
  )
}
