//! Where etcd is, and how to talk to it.

use std::path::PathBuf;
use std::time::Duration;

use crate::engine::key;

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
    /// How long making a connection may take, and the first answer of a store that is opened.
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

    /// Whether it can be used, as far as its text tells.
    ///
    /// # Errors
    /// What of it cannot.
    pub fn check(&self) -> Result<(), Unusable> {
        if self.endpoints.is_empty() {
            return Err(Unusable::NoEndpoint);
        }
        for url in &self.endpoints {
            let (secure, authority) = match url.split_once("://") {
                Some(("https", rest)) => (true, rest),
                Some(("http", rest)) => (false, rest),
                _ => (false, ""),
            };
            if authority.is_empty() || authority.contains('@') || !has_port(authority) {
                return Err(Unusable::Endpoint(shown(url)));
            }
            if secure && self.tls.is_none() {
                return Err(Unusable::NoAuthority(url.clone()));
            }
        }
        match self.root() {
            root if root.is_empty() || key::check(root).is_ok() => Ok(()),
            _ => Err(Unusable::Prefix(self.prefix.clone())),
        }
    }

    /// The prefix as it stands in front of keys: a `/` at its end is the one that they begin with.
    pub fn root(&self) -> &str {
        self.prefix.trim_end_matches('/')
    }
}

/// What of a [`Config`] cannot be used, with its value, and what to write.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unusable {
    /// There is no endpoint.
    #[error("no etcd endpoint is given; name at least one, as https://host:2379")]
    NoEndpoint,
    /// An endpoint is none.
    #[error("{0:?} is no endpoint of etcd; write http://host:port or https://host:port, without a user")]
    Endpoint(String),
    /// An `https` endpoint, and nothing to know its server by.
    #[error(
        "the endpoint {0:?} needs the authority that etcd's certificate is verified with; name its file, in PEM"
    )]
    NoAuthority(String),
    /// The prefix is no key.
    #[error(
        "{0:?} is no beginning of keys; it must begin with / and have no empty part, as /registry/databases.standard.k8s.io"
    )]
    Prefix(String),
}

/// Whether somebody can listen at the port that is named, if one is.
fn has_port(authority: &str) -> bool {
    let place = authority.split('/').next().unwrap_or_default();
    let after_host = place.rsplit_once(']').map_or(place, |(_, port)| port);
    after_host.rsplit_once(':').is_none_or(|(_, port)| port.parse::<u16>().is_ok_and(|port| port > 0))
}

/// An endpoint without the user that it may name, whose password would stand there.
fn shown(url: &str) -> String {
    url.rsplit_once('@').map_or_else(|| url.to_owned(), |(_, host)| format!("…@{host}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_used_is_told_with_its_value() {
        let checked = |url: &str, prefix: &str| {
            let config = Config { prefix: prefix.to_owned(), ..Config::new([url]) };
            config.check().map_err(|unusable| unusable.to_string())
        };
        for (url, prefix) in [
            ("http://127.0.0.1:2379", "/registry"),
            ("http://[::1]:2379/", "/registry/x/"),
            ("http://etcd", ""),
            ("http://etcd", "/"),
        ] {
            assert_eq!(checked(url, prefix), Ok(()));
        }
        for (url, prefix, names) in [
            ("127.0.0.1:2379", "/x", ["\"127.0.0.1:2379\"", "write http://host:port"]),
            ("ftp://a", "/x", ["\"ftp://a\"", "https://host:port"]),
            ("http://", "/x", ["\"http://\"", "https://host:port"]),
            ("http://a:99999", "/x", ["\"http://a:99999\"", "https://host:port"]),
            ("http://a:0/", "/x", ["\"http://a:0/\"", "https://host:port"]),
            ("http://[::1]:http", "/x", ["\"http://[::1]:http\"", "https://host:port"]),
            ("http://user:secret@etcd:2379", "/x", ["\"…@etcd:2379\"", "without a user"]),
            ("https://a:2379", "/x", ["\"https://a:2379\"", "name its file"]),
            ("http://a", "noslash", ["\"noslash\"", "must begin with /"]),
            ("http://a", "/a//b", ["\"/a//b\"", "no empty part"]),
        ] {
            let said = checked(url, prefix).unwrap_err();
            assert!(names.iter().all(|name| said.contains(name)), "{said}");
            assert!(!said.contains("secret"), "{said}");
        }
        let nobody: [&str; 0] = [];
        assert_eq!(Config::new(nobody).check(), Err(Unusable::NoEndpoint));
        let tls = Tls { ca: "ca.crt".into(), identity: None };
        assert_eq!(Config { tls: Some(tls), ..Config::new(["https://a"]) }.check(), Ok(()));
    }
}
