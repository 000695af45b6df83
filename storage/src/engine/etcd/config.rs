//! Where etcd is, and how to talk to it.

use std::path::PathBuf;
use std::time::Duration;

/// Where etcd is, and how to talk to it.
#[derive(Clone, Debug)]
pub struct Config {
    /// The members' client URLs, `https://host:2379` or `http://host:2379`.
    pub endpoints: Vec<String>,
    /// What every key begins with in etcd. The store's keys begin with `/` and follow it directly: with the
    /// default, `/kind/ns/name` is etcd's `/registry/databases.standard.k8s.io/kind/ns/name`.
    pub prefix: String,
    /// What `https` endpoints need.
    pub tls: Option<Tls>,
    /// How long making a connection may take.
    pub dial_timeout: Duration,
    /// How long an answer may take.
    pub call_timeout: Duration,
}

/// The files that `https` endpoints need; all in PEM. They are read for every connection, so that renewed ones
/// are used without a restart.
#[derive(Clone, Debug)]
pub struct Tls {
    /// The authorities that may vouch for the servers.
    pub ca: PathBuf,
    /// The client's certificate (chain) and its key.
    pub identity: Option<(PathBuf, PathBuf)>,
}

impl Config {
    /// The etcd at `endpoints`, without TLS, with the defaults for the rest.
    pub fn new(endpoints: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self {
            endpoints: endpoints.into_iter().map(Into::into).collect(),
            prefix: "/registry/databases.standard.k8s.io".to_owned(),
            tls: None,
            dial_timeout: Duration::from_secs(5),
            call_timeout: Duration::from_secs(10),
        }
    }

    /// The prefix as it stands in front of keys: a `/` at its end is the one that they begin with.
    pub fn root(&self) -> &str {
        self.prefix.trim_end_matches('/')
    }
}
