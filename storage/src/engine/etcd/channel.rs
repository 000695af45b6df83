//! Connections to etcd's members, as the client does not make them: with a CA and a client certificate that are
//! read anew for each, with keep-alives, and with room for a whole page of a listing.

use std::time::Duration;

use tonic::transport::{Channel, Endpoint};

use super::Config;
use crate::Error;

/// How long a dead connection may go unnoticed.
const KEEP_ALIVE_INTERVAL: Duration = Duration::from_secs(10);
const KEEP_ALIVE_TIMEOUT: Duration = Duration::from_secs(5);
/// Room for a whole page of a listing in flight.
const STREAM_WINDOW: u32 = 4 << 20;
const CONNECTION_WINDOW: u32 = 16 << 20;

/// One channel for each endpoint of a configuration that was checked; they connect when they are used.
pub(super) fn channels(config: &Config) -> Result<Vec<Channel>, Error> {
    config.endpoints.iter().map(|url| channel(config, url)).collect()
}

fn channel(config: &Config, url: &str) -> Result<Channel, Error> {
    let refuse = |reason: String| Error::Io(format!("the etcd endpoint {url:?} cannot be used: {reason}"));
    if let Some(tls) = &config.tls {
        tls.config().map_err(refuse)?;
    }
    let to = |url: &str| endpoint(config, url).map_err(|error| refuse(error.to_string()));
    let endpoint = to(url)?;
    match &config.tls {
        Some(tls) if endpoint.uri().scheme_str() == Some("https") => {
            // The connector makes TLS of what the transport takes for plain; requests say https all the same.
            let plain = to(&url.replacen("https", "http", 1))?;
            Ok(tls.clone().channel(&plain.origin(endpoint.uri().clone())))
        }
        _ => Ok(endpoint.connect_lazy()),
    }
}

fn endpoint(config: &Config, url: &str) -> Result<Endpoint, tonic::transport::Error> {
    let endpoint = Endpoint::from_shared(url.to_owned())?;
    Ok(endpoint
        .connect_timeout(config.dial_timeout)
        .tcp_nodelay(true)
        .http2_keep_alive_interval(KEEP_ALIVE_INTERVAL)
        .keep_alive_timeout(KEEP_ALIVE_TIMEOUT)
        .keep_alive_while_idle(true)
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW))
}
