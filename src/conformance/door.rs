//! The way into a server: as an application goes it, or as one that should be turned away.

use super::failure::{Failure, Verdict};
use super::session::Session;
use super::trust::{Trust, client};
use std::error::Error as _;
use std::io::ErrorKind;
use std::time::Duration;
use tokio::time::{Instant, sleep, timeout};
use tokio_postgres::config::SslMode;
use tokio_postgres::{Config, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;

/// How long a connection may take.
const CONNECT: Duration = Duration::from_secs(15);
/// How long nobody may be at an address that is said to be there: a node learns of a Service's new pod a moment after the pod is
/// ready, and leads to one that is gone until then.
const LEARNED: Duration = Duration::from_secs(5);
/// How often that is looked at.
const AGAIN: Duration = Duration::from_millis(100);

/// Where to connect, and as whom. It has no `Debug`.
#[derive(Clone)]
pub(super) struct Door {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) username: String,
    /// None to show none.
    pub(super) password: Option<String>,
    pub(super) database: String,
    pub(super) trust: Trust,
}

/// Why a door stays shut.
#[derive(Debug)]
pub(super) enum Shut {
    /// The server said so: its code and its words.
    Refused(String, String),
    /// The server asks for a password, and there is none.
    Asked,
    /// Nobody is there, or nobody listens.
    Closed(String),
    /// There is no server, or it is not the one that is trusted.
    Unreachable(String),
}

impl std::fmt::Display for Shut {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Shut::Refused(code, message) => write!(out, "{message} ({code})"),
            Shut::Asked => out.write_str("a password is asked for"),
            Shut::Closed(why) | Shut::Unreachable(why) => out.write_str(why),
        }
    }
}

impl Door {
    /// `user@host:port/database`.
    pub(super) fn address(&self) -> String {
        format!("{}@{}:{}/{}", self.username, self.host, self.port, self.database)
    }

    /// Opens it.
    pub(super) async fn open(&self) -> Result<Session, Failure> {
        let deadline = Instant::now() + LEARNED;
        let mut opened = self.knock().await;
        while matches!(opened, Err(Shut::Closed(_))) && Instant::now() < deadline {
            sleep(AGAIN).await;
            opened = self.knock().await;
        }
        opened.map_err(|shut| Failure::new(format!("cannot connect to {}: {shut}", self.address())))
    }

    /// Opens it and asks for one text.
    pub(super) async fn ask(&self, sql: &str) -> Result<String, Failure> {
        self.open().await?.text(sql).await
    }

    /// Tries whether it opens.
    pub(super) async fn knock(&self) -> Result<Session, Shut> {
        let mut config = Config::new();
        config.host(&self.host).port(self.port).user(&self.username).dbname(&self.database);
        config.application_name("conformance").connect_timeout(CONNECT);
        if let Some(password) = &self.password {
            config.password(password);
        }
        let connecting = async {
            match client(&self.trust).map_err(Shut::Unreachable)? {
                None => {
                    let connected = config.ssl_mode(SslMode::Disable).connect(NoTls).await;
                    let (client, connection) = connected.map_err(|error| shut(&error))?;
                    Ok(Session::over(client, tokio::spawn(async { drop(connection.await) })))
                }
                Some(client) => {
                    let tls = MakeRustlsConnect::new(client);
                    let connected = config.ssl_mode(SslMode::Require).connect(tls).await;
                    let (client, connection) = connected.map_err(|error| shut(&error))?;
                    Ok(Session::over(client, tokio::spawn(async { drop(connection.await) })))
                }
            }
        };
        let late = || Shut::Unreachable(format!("no answer within {} s", CONNECT.as_secs()));
        timeout(CONNECT, connecting).await.unwrap_or_else(|_| Err(late()))
    }

    /// The server must turn this client away, by a word of its own.
    pub(super) async fn is_refused(&self, who: &str) -> Verdict {
        match self.knock().await {
            Ok(_) => Err(Failure::new(format!("{who} is let in at {}", self.address()))),
            Err(Shut::Refused(..) | Shut::Asked) => Ok(()),
            Err(Shut::Closed(why) | Shut::Unreachable(why)) => {
                Err(Failure::new(format!("{who} gets no answer at {}: {why}", self.address())))
            }
        }
    }

    /// Nobody must be let in any more, whether a server answers or not.
    pub(super) async fn is_shut(&self, who: &str) -> Verdict {
        match self.knock().await {
            Ok(_) => Err(Failure::new(format!("{who} is let in at {}", self.address()))),
            Err(_) => Ok(()),
        }
    }

    /// The same door to another server.
    pub(super) fn at(&self, (host, port): (String, u16)) -> Door {
        Door { host, port, ..self.clone() }
    }
}

/// What the server said, or why it said nothing.
fn shut(error: &tokio_postgres::Error) -> Shut {
    if let Some(said) = error.as_db_error() {
        return Shut::Refused(said.code().code().to_owned(), said.message().to_owned());
    }
    let (mut text, mut closed) = (error.to_string(), false);
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        let io: Option<&std::io::Error> = error.downcast_ref();
        closed |= io.is_some_and(|error| is_absent(error.kind()));
        cause = error.source();
    }
    match () {
        () if text.contains("password missing") => Shut::Asked,
        () if closed => Shut::Closed(text),
        () => Shut::Unreachable(text),
    }
}

/// Whether an address answers that there is nobody.
fn is_absent(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::ConnectionRefused | ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable)
}
