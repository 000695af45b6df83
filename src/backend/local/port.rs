//! Which ports of the loopback interface servers listen on.
//!
//! A port is chosen once and kept. Another process may take it between the choice and the start: the server's failure to
//! bind is then what counts, and another one is chosen.

use super::error::Error;
use std::collections::BTreeMap;
use std::fmt;
use std::net::Ipv4Addr;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::net::TcpSocket;

/// The ports this process may give out, and those it gave: to a database, or to data that was kept, for as long as its folder
/// is there. Who deletes what was kept does not tell us.
#[derive(Debug)]
pub(super) struct Ports {
    range: RangeInclusive<u16>,
    given: Mutex<Given>,
}

type Given = BTreeMap<u16, Option<PathBuf>>;

/// Who has a port.
#[derive(Debug, PartialEq, Eq)]
pub enum Holder {
    /// Somebody else.
    Process,
    /// Another database, which may be stopped.
    Database,
    /// What a deletion kept, of this uid.
    Kept(String),
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Holder::Process => f.write_str(
                "is already in use on 127.0.0.1; choose another port or stop the process that listens there",
            ),
            Holder::Database => f.write_str("is another database's on 127.0.0.1; choose another port"),
            Holder::Kept(uid) => write!(
                f,
                "belongs to data that a deletion kept (uid {uid}); choose another port, or take that data up with spec.adoptRef, or \
                 delete it: databases-apiserver retained says how"
            ),
        }
    }
}

impl Ports {
    pub(super) fn new(range: RangeInclusive<u16>) -> Self {
        Self { range, given: Mutex::default() }
    }

    /// Gives out the first free port above `after`.
    pub(super) fn take(&self, after: Option<u16>) -> Result<u16, Error> {
        let mut given = self.lock();
        let free = |port: &u16| holder(&given, *port).is_none();
        let later = self.range.clone().filter(|port| after.is_none_or(|after| *port > after)).find(free);
        let port = later.or_else(|| self.range.clone().find(free));
        let port = port.ok_or(Error::NoFreePort(*self.range.start(), *self.range.end()))?;
        given.insert(port, None);
        Ok(port)
    }

    /// Gives out this very port, when it is free.
    pub(super) fn take_this(&self, port: u16) -> Result<(), Error> {
        allowed(port)?;
        let mut given = self.lock();
        match holder(&given, port) {
            Some(holder) => Err(Error::PortTaken(port, holder)),
            None => {
                given.insert(port, None);
                Ok(())
            }
        }
    }

    /// Whether this very port could be given out.
    pub(super) fn check(&self, port: u16) -> Result<(), Error> {
        allowed(port)?;
        holder(&self.lock(), port).map_or(Ok(()), |holder| Err(Error::PortTaken(port, holder)))
    }

    /// Marks the port of a database as given.
    pub(super) fn keep(&self, port: u16) {
        self.lock().insert(port, None);
    }

    /// Marks a port as that of data that was kept in this folder.
    pub(super) fn leave(&self, port: u16, folder: PathBuf) {
        self.lock().insert(port, Some(folder));
    }

    /// Takes a port back.
    pub(super) fn release(&self, port: u16) {
        self.lock().remove(&port);
    }

    fn lock(&self) -> MutexGuard<'_, Given> {
        self.given.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Who has a port, if anybody.
fn holder(given: &Given, port: u16) -> Option<Holder> {
    match given.get(&port) {
        Some(None) => Some(Holder::Database),
        Some(Some(folder)) if folder.exists() => {
            let uid = folder.file_name().unwrap_or_default();
            Some(Holder::Kept(uid.to_string_lossy().into_owned()))
        }
        _ => (!is_free(port)).then_some(Holder::Process),
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

    #[test]
    fn what_was_kept_has_its_port_while_it_is_there() {
        let ports = Ports::new(20000..=20000);
        let (root, port) = (tempfile::tempdir().expect("a folder"), ports.take(None).expect("a port"));
        let holder = || match ports.check(port) {
            Err(Error::PortTaken(_, holder)) => Some(holder),
            answer => answer.map(|()| None).expect("a port that may be had"),
        };
        assert_eq!(holder(), Some(Holder::Database));
        let folder = root.path().join("uid");
        std::fs::create_dir(&folder).expect("a folder");
        ports.leave(port, folder.clone());
        assert_eq!(holder(), Some(Holder::Kept("uid".into())));
        assert!(matches!(ports.take(None), Err(Error::NoFreePort(..))));
        std::fs::remove_dir(&folder).expect("it is empty");
        assert_eq!(holder(), None, "nobody tells who deletes it");
        ports.take_this(port).expect("it is free");
        assert_eq!(holder(), Some(Holder::Database));
    }

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
