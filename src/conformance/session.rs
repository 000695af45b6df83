//! A session on a server, with every value as text.

use super::failure::{Failure, Verdict};
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio::time::timeout;
use tokio_postgres::{Client, SimpleQueryMessage};

/// How long a statement may take.
const STATEMENT: Duration = Duration::from_secs(60);

/// A session; it ends when it is dropped.
pub(super) struct Session {
    client: Client,
    carried: JoinHandle<()>,
}

impl Drop for Session {
    fn drop(&mut self) {
        self.carried.abort();
    }
}

impl Session {
    pub(super) fn over(client: Client, carried: JoinHandle<()>) -> Self {
        Session { client, carried }
    }

    /// Runs statements; the first value of the first row, where they give one.
    async fn simple(&self, sql: &str) -> Result<Option<String>, tokio_postgres::Error> {
        let messages = self.client.simple_query(sql).await?;
        let row = messages.iter().find_map(|message| match message {
            SimpleQueryMessage::Row(row) => Some(row),
            _ => None,
        });
        Ok(row.and_then(|row| row.get(0)).map(str::to_owned))
    }

    async fn asked(&self, sql: &str) -> Result<Option<String>, Failure> {
        let answer = timeout(STATEMENT, self.simple(sql)).await;
        let late = |_| Failure::new(format!("{sql}: no answer within {} s", STATEMENT.as_secs()));
        answer.map_err(late)?.map_err(|error| Failure::new(format!("{sql}: {}", words(&error))))
    }

    /// Runs statements that must go well.
    pub(super) async fn run(&self, sql: &str) -> Verdict {
        self.asked(sql).await.map(drop)
    }

    /// The one text that a query gives; empty for null and for no row.
    pub(super) async fn text(&self, sql: &str) -> Result<String, Failure> {
        Ok(self.asked(sql).await?.unwrap_or_default())
    }

    /// The server must refuse a statement, by its word.
    pub(super) async fn is_refused(&self, sql: &str, who: &str) -> Verdict {
        match timeout(STATEMENT, self.simple(sql)).await {
            Ok(Err(error)) if error.as_db_error().is_some() => Ok(()),
            Ok(Err(error)) => Err(Failure::new(format!("{sql}: {}", words(&error)))),
            Ok(Ok(_)) => Err(Failure::new(format!("{who} may run {sql}"))),
            Err(_) => Err(Failure::new(format!("{sql}: no answer within {} s", STATEMENT.as_secs()))),
        }
    }

    /// When the server was started, in microseconds.
    pub(super) async fn started(&self) -> Result<String, Failure> {
        self.text("SELECT extract(epoch FROM pg_postmaster_start_time()) * 1000000").await
    }
}

fn words(error: &tokio_postgres::Error) -> String {
    error.as_db_error().map_or_else(|| error.to_string(), |said| said.message().to_owned())
}
