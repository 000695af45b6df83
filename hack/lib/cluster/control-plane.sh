#!/usr/bin/env bash
# shellcheck disable=SC2154,SC2034 # what the others and hack/cluster set
# Sourced by hack/cluster: etcd, kube-apiserver, kube-controller-manager and kube-scheduler.

kubectl() { inside kubectl --kubeconfig "$folder/kubeconfig" "$@"; }

start_control_plane() {
  local pki="$folder/pki" etc="$folder/etc"
  # Its data need not survive the machine; its writes need not wait for the disk.
  start etcd etcd --data-dir "$folder/etcd" --unsafe-no-fsync --log-level warn \
    --listen-client-urls http://127.0.0.1:2379 --advertise-client-urls http://127.0.0.1:2379 \
    --listen-peer-urls http://127.0.0.1:2380
  start kube-apiserver kube-apiserver --etcd-servers=http://127.0.0.1:2379 \
    --bind-address=0.0.0.0 --secure-port=6443 --advertise-address="$node_ip" \
    --tls-cert-file="$pki/kube-apiserver.crt" --tls-private-key-file="$pki/kube-apiserver.key" \
    --client-ca-file="$pki/cluster-ca.crt" --authorization-mode=Node,RBAC --enable-admission-plugins=NodeRestriction \
    --allow-privileged --service-cluster-ip-range="$service_range" \
    --service-account-issuer=https://kubernetes.default.svc --service-account-key-file="$pki/service-account.key" \
    --service-account-signing-key-file="$pki/service-account.key" \
    --kubelet-preferred-address-types=InternalIP --kubelet-certificate-authority="$pki/cluster-ca.crt" \
    --kubelet-client-certificate="$pki/admin.crt" --kubelet-client-key="$pki/admin.key" \
    --requestheader-client-ca-file="$pki/front-proxy-ca.crt" --requestheader-allowed-names=front-proxy-client \
    --requestheader-username-headers=X-Remote-User --requestheader-group-headers=X-Remote-Group \
    --requestheader-extra-headers-prefix=X-Remote-Extra- --requestheader-uid-headers=X-Remote-Uid \
    --proxy-client-cert-file="$pki/front-proxy-client.crt" --proxy-client-key-file="$pki/front-proxy-client.key"
  wait_for "kube-apiserver" kube-apiserver kubectl get --raw /readyz
  # Volumes are folders of the node. The provisioner keeps them from all who are not root.
  start volumes sh -c "inotifywait -qm -e create --format %w%f /tmp/hostpath_pv | xargs -n 1 chmod 777"
  start kube-controller-manager kube-controller-manager --kubeconfig="$etc/kube-controller-manager.kubeconfig" \
    --bind-address=127.0.0.1 --leader-elect=false --use-service-account-credentials --root-ca-file="$pki/cluster-ca.crt" \
    --service-account-private-key-file="$pki/service-account.key" --enable-hostpath-provisioner
  start kube-scheduler kube-scheduler --kubeconfig="$etc/kube-scheduler.kubeconfig" \
    --bind-address=127.0.0.1 --leader-elect=false
}
