//! Who is measured.

use crate::setting::Setting;

/// One of those who do the same work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Peer {
    /// This server over its embedded store.
    Redb,
    /// This server over etcd.
    Etcd,
    /// The limit of HTTP: static bytes.
    RawHyper,
    /// The limit of etcd: its client and nothing else.
    RawEtcd,
    /// This server as a control plane's aggregated server, directly.
    Ours,
    /// Upstream's sample-apiserver, directly.
    Sample,
    /// The limit of HTTP through kube-apiserver: what the proxy alone costs.
    ProxiedRaw,
    /// This server through kube-apiserver.
    ProxiedOurs,
    /// sample-apiserver through kube-apiserver.
    ProxiedSample,
    /// A custom resource of the same shape.
    Custom,
}

impl Peer {
    /// As the report names it.
    pub fn title(self) -> &'static str {
        match self {
            Peer::Redb => "ours, redb",
            Peer::Etcd => "ours, etcd",
            Peer::RawHyper => "raw hyper",
            Peer::RawEtcd => "raw etcd client",
            Peer::Ours => "ours, directly",
            Peer::Sample => "sample-apiserver, directly",
            Peer::ProxiedRaw => "raw hyper, proxied",
            Peer::ProxiedOurs => "ours, proxied",
            Peer::ProxiedSample => "sample-apiserver, proxied",
            Peer::Custom => "custom resource",
        }
    }

    /// Where it is measured.
    pub fn setting(self) -> Setting {
        match self {
            Peer::Redb | Peer::Etcd | Peer::RawHyper | Peer::RawEtcd => Setting::Alone,
            _ => Setting::ControlPlane,
        }
    }
}
