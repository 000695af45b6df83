//! Connections as the superuser, over the server's socket.

use super::error::Error;
use super::secret::Secret;
use postgres_protocol::escape::{escape_identifier, escape_literal};
use std::path::PathBuf;
use std::time::Duration;
use tokio_postgres::{Client, Config, NoTls, Row};

/// How long connecting may take.
const CONNECT: Duration = Duration::from_secs(5);
/// Statements are bounded, and do not wait for replicas: those may be what is being repaired.
const OPTIONS: &str = "-c statement_timeout=60s -c lock_timeout=10s -c synchronous_commit=local";

/// Where a server is managed.
#[derive(Debug, Clone)]
pub(super) struct Access {
    pub(super) sockets: PathBuf,
    pub(super) port: u16,
    pub(super) password: Secret,
}

/// A session of the superuser; dropping it ends the connection.
pub(super) struct Session {
    client: Client,
}

impl Access {
    /// Connects to a database.
    pub(super) async fn connect(&self, database: &str) -> Result<Session, Error> {
        let mut config = Config::new();
        config.host_path(&self.sockets).port(self.port).user("postgres").dbname(database);
        config.password(self.password.expose()).connect_timeout(CONNECT).options(OPTIONS);
        config.application_name("databases-apiserver");
        let what = format!("connect to database {database}");
        let connected = tokio::time::timeout(CONNECT, config.connect(NoTls)).await;
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

impl Session {
    /// Runs one statement that takes no parameters.
    pub(super) async fn run(&self, what: impl Into<String>, statement: &str) -> Result<(), Error> {
        self.client.batch_execute(statement).await.map_err(Error::sql(what))
    }

    /// The rows of a query.
    pub(super) async fn rows(&self, what: &str, query: &str) -> Result<Vec<Row>, Error> {
        self.client.query(query, &[]).await.map_err(Error::sql(what))
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

/// Quotes a name.
pub(super) fn identifier(name: &str) -> String {
    escape_identifier(name)
}

/// Quotes a text.
pub(super) fn literal(text: &str) -> String {
    escape_literal(text).trim_start().to_owned()
}
