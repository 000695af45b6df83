//! Who is measured.

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
}

impl Peer {
    /// As the report names it.
    pub fn title(self) -> &'static str {
        match self {
            Peer::Redb => "ours, redb",
            Peer::Etcd => "ours, etcd",
            Peer::RawHyper => "raw hyper",
            Peer::RawEtcd => "raw etcd client",
        }
    }

    /// Whether it cannot be measured without etcd.
    pub fn needs_etcd(self) -> bool {
        matches!(self, Peer::Etcd | Peer::RawEtcd)
    }
}

/// Peers that this harness knows of and that are not measured yet: the variable that would name each program, and what
/// it is.
pub const ABSENT: &[(&str, &str)] = &[
    ("BENCH_SAMPLE_APISERVER", "k8s.io/sample-apiserver, direct"),
    (
        "BENCH_KUBE_APISERVER",
        "kube-apiserver, as the proxy in front of the server and with a custom resource",
    ),
];
