#!/usr/bin/env bash
# shellcheck disable=SC2154,SC2034 # what the others and hack/cluster set
# Sourced by hack/cluster: containerd, kubelet and kube-proxy, and DNS in the first pod.

start_node() {
  write_node
  start containerd containerd --config "$folder/etc/containerd.toml" --log-level warn
  wait_for "containerd" containerd inside ctr version
  pause_image | import
  coredns_image | import
  start kubelet kubelet --config="$folder/etc/kubelet.yaml" --kubeconfig="$folder/etc/kubelet.kubeconfig" \
    --hostname-override=node0 --node-ip="$node_ip"
  start kube-proxy kube-proxy --kubeconfig="$folder/etc/kube-proxy.kubeconfig" --hostname-override=node0 \
    --proxy-mode=iptables --cluster-cidr="$pod_range" --conntrack-max-per-core=0 --bind-address=127.0.0.1
  sed "s|DNS_IP|$dns_ip|" "$root/hack/lib/cluster/cluster.yaml" | kubectl apply --filename - >/dev/null
  wait_for "the node" kubelet kubectl wait --for=condition=Ready --timeout=5s node/node0
  wait_for "DNS" kubelet kubectl rollout status --namespace kube-system --timeout=5s deployment/coredns
}

write_node() {
  mkdir -p "$folder/etc/cni"
  # Without CAP_SYS_RESOURCE runc cannot lower the score by which the kernel chooses whom to end.
  cat >"$folder/etc/containerd.toml" <<TOML
version = 3
[plugins."io.containerd.cri.v1.images".pinned_images]
sandbox = "localhost/pause:1"
[plugins."io.containerd.cri.v1.runtime"]
restrict_oom_score_adj = true
[plugins."io.containerd.cri.v1.runtime".cni]
bin_dirs = ["/usr/lib/cni"]
conf_dir = "$folder/etc/cni"
TOML
  cat >"$folder/etc/cni/pods.conflist" <<JSON
{
  "cniVersion": "1.0.0", "name": "pods",
  "plugins": [
    {
      "type": "bridge", "bridge": "pods0", "isGateway": true, "ipMasq": true, "hairpinMode": true,
      "ipam": {"type": "host-local", "ranges": [[{"subnet": "$pod_range"}]], "routes": [{"dst": "0.0.0.0/0"}]}
    },
    {"type": "portmap", "capabilities": {"portMappings": true}}
  ]
}
JSON
  # Nobody answers names for those who do not ask the cluster.
  echo "nameserver 127.0.0.1" >"$folder/etc/kubelet-resolv.conf"
  cat >"$folder/etc/kubelet.yaml" <<YAML
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
authentication:
  anonymous: {enabled: false}
  webhook: {enabled: true}
  x509: {clientCAFile: $folder/pki/cluster-ca.crt}
authorization: {mode: Webhook}
tlsCertFile: $folder/pki/kubelet.crt
tlsPrivateKeyFile: $folder/pki/kubelet.key
containerRuntimeEndpoint: unix:///run/containerd/containerd.sock
cgroupDriver: cgroupfs
cgroupRoot: /$(cgroup)
enforceNodeAllocatable: []
failCgroupV1: false
failSwapOn: false
clusterDNS: [$dns_ip]
clusterDomain: cluster.local
resolvConf: $folder/etc/kubelet-resolv.conf
serializeImagePulls: false
# The disk is not ours alone: what others fill it with is no reason to end pods.
evictionHard: {memory.available: 100Mi, nodefs.available: 1%, imagefs.available: 1%}
imageGCHighThresholdPercent: 100
YAML
}
