//! Which ports of the loopback interface servers listen on.
//!
//! A port is chosen once and kept. Another process may take it between the choice and the start: the server's failure to
//! bind is then what counts, and another one is chosen.

use super::error::Error;
use std::collections::BTreeSet;
use std::net::Ipv4Addr;
use std::ops::RangeInclusive;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::net::TcpSocket;

/// The ports this process may give out, and those it gave.
#[derive(Debug)]
pub(super) struct Ports {
    range: RangeInclusive<u16>,
    given: Mutex<BTreeSet<u16>>,
}

impl Ports {
    pub(super) fn new(range: RangeInclusive<u16>) -> Self {
        Self { range, given: Mutex::default() }
    }

    /// Gives out the first free port above `after`.
    pub(super) fn take(&self, after: Option<u16>) -> Result<u16, Error> {
        let mut given = self.lock();
        let free = |port: &u16| !given.contains(port) && is_free(*port);
        let later = self.range.clone().filter(|port| after.is_none_or(|after| *port > after)).find(free);
        let port = later.or_else(|| self.range.clone().find(free));
        let port = port.ok_or(Error::NoFreePort(*self.range.start(), *self.range.end()))?;
        given.insert(port);
        Ok(port)
    }

    /// Gives out this very port, when it is free.
    pub(super) fn take_this(&self, port: u16) -> Result<(), Error> {
        allowed(port)?;
        if !is_free(port) || !self.lock().insert(port) {
            return Err(Error::PortTaken(port));
        }
        Ok(())
    }

    /// Whether this very port could be given out.
    pub(super) fn check(&self, port: u16) -> Result<(), Error> {
        allowed(port)?;
        if is_free(port) && !self.lock().contains(&port) { Ok(()) } else { Err(Error::PortTaken(port)) }
    }

    /// Marks a port as given.
    pub(super) fn keep(&self, port: u16) {
        self.lock().insert(port);
    }

    /// Takes a port back.
    pub(super) fn release(&self, port: u16) {
        self.lock().remove(&port);
    }

    fn lock(&self) -> MutexGuard<'_, BTreeSet<u16>> {
        self.given.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether a server, which is never root, may listen there.
fn allowed(port: u16) -> Result<(), Error> {
    if port < least() { Err(barred(port)) } else { Ok(()) }
}

/// Why no server listens there.
pub(super) fn barred(port: u16) -> Error {
    Error::PortBarred(port, least())
}

/// The first port that needs no rights (ip-sysctl).
fn least() -> u16 {
    let said = std::fs::read_to_string("/proc/sys/net/ipv4/ip_unprivileged_port_start");
    said.ok().and_then(|text| text.trim().parse().ok()).unwrap_or(1024)
}

fn is_free(port: u16) -> bool {
    reserve(port).is_ok()
}

/// Binds a port and does not listen on it. Only a port that somebody listens on is refused, and a server that is just
/// about to listen there is not kept from it.
fn reserve(port: u16) -> std::io::Result<TcpSocket> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.bind((Ipv4Addr::LOCALHOST, port).into())?;
    Ok(socket)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;

    #[tokio::test]
    async fn a_port_that_is_only_looked_at_can_be_listened_on() {
        let looked_at = reserve(0).expect("there is a free port");
        let port = looked_at.local_addr().expect("an address").port();
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).expect("nobody listens there");
        drop(looked_at);
        assert!(!is_free(port), "somebody listens there");
        drop(listener);
    }
}
