//! Where etcd is, and how to talk to it.

use std::time::Duration;

use tonic::transport::{Channel, Endpoint};

use super::tls::Tls;
use crate::Error;

/// How long a dead connection may go unnoticed.
const KEEP_ALIVE_INTERVAL: Duration = Duration::from_secs(10);
const KEEP_ALIVE_TIMEOUT: Duration = Duration::from_secs(5);
/// Room for a whole page of a listing in flight.
const STREAM_WINDOW: u32 = 4 << 20;
const CONNECTION_WINDOW: u32 = 16 << 20;

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

    /// The prefix as it is used: it begins with `/` and ends without one.
    pub(super) fn checked_prefix(&self) -> Result<String, Error> {
        let prefix = self.prefix.trim_end_matches('/');
        if !prefix.is_empty() {
            super::super::key::check(prefix)?;
        }
        Ok(prefix.to_owned())
    }

    /// One channel for each endpoint; they connect when they are used.
    pub(super) fn channels(&self) -> Result<Vec<Channel>, Error> {
        if self.endpoints.is_empty() {
            return Err(Error::Io(
                "no etcd endpoint is given; name at least one, as http(s)://host:port".to_owned(),
            ));
        }
        self.endpoints.iter().map(|url| self.channel(url)).collect()
    }

    fn channel(&self, url: &str) -> Result<Channel, Error> {
        let refuse =
            |reason: String| Error::Io(format!("the etcd endpoint {url:?} cannot be used: {reason}"));
        if let Some(tls) = &self.tls {
            tls.config().map_err(refuse)?;
        }
        let endpoint = self.endpoint(url).map_err(|error| refuse(error.to_string()))?;
        match endpoint.uri().scheme_str() {
            Some("http") => Ok(endpoint.connect_lazy()),
            Some("https") => {
                let tls =
                    self.tls.clone().ok_or_else(|| refuse("https needs a CA certificate".to_owned()))?;
                // The connector makes TLS of what the transport takes for plain; requests say https all the same.
                let (plain, origin) = (url.replacen("https", "http", 1), endpoint.uri().clone());
                let plain = self.endpoint(&plain).map_err(|error| refuse(error.to_string()))?;
                Ok(tls.channel(&plain.origin(origin)))
            }
            _ => Err(refuse("it must be http://host:port or https://host:port".to_owned())),
        }
    }

    fn endpoint(&self, url: &str) -> Result<Endpoint, tonic::transport::Error> {
        let endpoint = Endpoint::from_shared(url.to_owned())?;
        Ok(endpoint
            .connect_timeout(self.dial_timeout)
            .tcp_nodelay(true)
            .http2_keep_alive_interval(KEEP_ALIVE_INTERVAL)
            .keep_alive_timeout(KEEP_ALIVE_TIMEOUT)
            .keep_alive_while_idle(true)
            .initial_stream_window_size(STREAM_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW))
    }
}
