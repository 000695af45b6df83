//! Connections of ours, over the server's socket.
//!
//! What a session of ours depends on is set in its startup packet: that goes before the configuration and before what
//! `ALTER ROLE` and `ALTER DATABASE` set, so that nothing meant for applications reaches us. Names are looked up in
//! `pg_catalog` alone. Statements of ours are not logged and not shown by `pg_stat_activity`: they hold verifiers.

use super::error::Error;
use crate::backend::postgresql::{Secret, superuser_options};
pub(super) use crate::backend::postgresql::{cell, flag, identifier, literal};
use std::error::Error as _;
use std::io::{self, ErrorKind};
use std::path::PathBuf;
use std::time::Duration;
use tokio_postgres::tls::NoTlsStream;
use tokio_postgres::{Client, Config, Connection, NoTls, Row, SimpleQueryMessage, SimpleQueryRow, Socket};

/// The role that manages servers. No user is called so.
pub(super) const MANAGER: &str = "databases_manager";
/// The superuser that a data directory is made with; its id is [`SUPERUSER_ID`], whatever it is called.
pub(super) const SUPERUSER: &str = "postgres";
/// The id of the superuser that a data directory is made with.
pub(super) const SUPERUSER_ID: &str = "10";
/// The database that servers are managed from.
pub(super) const MAINTENANCE: &str = "postgres";

/// How soon a connection is tried again that was cut off.
const AGAIN: Duration = Duration::from_millis(50);
/// How long connecting may take.
const CONNECT: Duration = Duration::from_secs(5);
/// Where a server is managed.
#[derive(Debug, Clone)]
pub(super) struct Access {
    pub(super) sockets: PathBuf,
    pub(super) port: u16,
    pub(super) major: u32,
    pub(super) role: &'static str,
    pub(super) password: Secret,
}

/// A session of a superuser; dropping it ends the connection.
pub(super) struct Session {
    client: Client,
}

impl Access {
    /// Connects to a database.
    pub(super) async fn connect(&self, database: &str) -> Result<Session, Error> {
        let mut config = Config::new();
        config.host_path(&self.sockets).port(self.port).user(self.role).dbname(database);
        config
            .password(self.password.expose())
            .connect_timeout(CONNECT)
            .options(superuser_options(self.major));
        config.application_name("databases-apiserver");
        let what = format!("connect to database {database} as {}", self.role);
        let connected = tokio::time::timeout(CONNECT, patiently(&config)).await;
        let (client, connection) =
            connected.map_err(|_| Error::Timeout(what.clone()))?.map_err(Error::sql(what))?;
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a management connection ended");
            }
        });
        Ok(Session { client })
    }
}

/// Connects, again where the server gave up before there was a session: on a busy machine the shortest
/// `authentication_timeout` is over before it has got to asking for the password.
async fn patiently(
    config: &Config,
) -> Result<(Client, Connection<Socket, NoTlsStream>), tokio_postgres::Error> {
    loop {
        match config.connect(NoTls).await {
            Err(error) if was_cut_off(&error) => tokio::time::sleep(AGAIN).await,
            connected => return connected,
        }
    }
}

/// Whether the server took the connection and ended it without a word.
fn was_cut_off(error: &tokio_postgres::Error) -> bool {
    let cause = error.source().and_then(|cause| cause.downcast_ref::<io::Error>());
    let ends = [ErrorKind::BrokenPipe, ErrorKind::ConnectionReset, ErrorKind::UnexpectedEof];
    error.is_closed() || cause.is_some_and(|cause| ends.contains(&cause.kind()))
}

/// What a connection for replication needs set: it is idle for moments, which applications may not be.
pub(super) fn streaming_options(major: u32) -> &'static str {
    if major >= 14 { "-c statement_timeout=0 -c idle_session_timeout=0" } else { "-c statement_timeout=0" }
}

impl Session {
    /// Runs statements that take no parameters, all or none of them.
    pub(super) async fn run(&self, what: impl Into<String>, statements: &str) -> Result<(), Error> {
        self.client.batch_execute(statements).await.map_err(Error::sql(what))
    }

    /// The rows of a query.
    pub(super) async fn rows(&self, what: &str, query: &str) -> Result<Vec<Row>, Error> {
        self.client.query(query, &[]).await.map_err(Error::sql(what))
    }

    /// The rows of several queries, asked for in one round, with every column as text.
    pub(super) async fn look<const N: usize>(
        &self,
        what: &str,
        queries: [&str; N],
    ) -> Result<[Vec<SimpleQueryRow>; N], Error> {
        let messages = self.client.simple_query(&queries.join(";")).await.map_err(Error::sql(what))?;
        let mut found = [const { Vec::new() }; N];
        let mut results = found.iter_mut();
        let mut current = results.next();
        for message in messages {
            match message {
                SimpleQueryMessage::Row(row) => {
                    if let Some(rows) = current.as_mut() {
                        rows.push(row);
                    }
                }
                SimpleQueryMessage::CommandComplete(_) => current = results.next(),
                _ => {}
            }
        }
        Ok(found)
    }

    /// The one text a query gives, if it is not null.
    pub(super) async fn text(&self, what: &str, query: &str) -> Result<Option<String>, Error> {
        let rows = self.rows(what, query).await?;
        match rows.first() {
            Some(row) => row.try_get(0).map_err(Error::sql(what)),
            None => Ok(None),
        }
    }
}

/// A column of a row.
pub(super) fn column<'a, T: tokio_postgres::types::FromSql<'a>>(
    row: &'a Row,
    name: &str,
) -> Result<T, Error> {
    row.try_get(name).map_err(Error::sql(format!("read column {name}")))
}
