//! Sessions on a server. Everything is bounded: a server that is silent is one that cannot be reached.

use super::error::{Error, is_not_let_in};
use super::server::{Server, SslMode};
use super::tls;
use crate::backend::postgresql::{Answer, Secret, options, superuser_options};
use std::time::Duration;
use tokio::time::timeout;
use tokio_postgres::tls::MakeTlsConnect;
use tokio_postgres::{Client, Config, NoTls, SimpleQueryMessage, SimpleQueryRow, Socket};
use tokio_postgres_rustls::MakeRustlsConnect;

/// How long connecting may take.
const CONNECT: Duration = Duration::from_secs(5);
/// How long a statement may take: a little more than the server is told.
const STATEMENT: Duration = Duration::from_secs(65);
/// After so much silence it is asked whether somebody is there.
const SILENCE: Duration = Duration::from_secs(15);

/// A session; dropping it ends the connection.
pub(in crate::backend) struct Session {
    client: Client,
    place: String,
}

impl Server {
    /// A session of the one who manages it.
    pub(in crate::backend) async fn connect(&self) -> Result<Session, Error> {
        // What newer versions have more cannot be said before the version is known.
        let settings = if self.superuser { superuser_options(0) } else { options() };
        let login = (self.username.as_str(), &self.password);
        let connected = self.open(login, &self.database, settings).await;
        connected.map_err(|answer| match is_not_let_in(&answer) {
            true => Error::NotLetIn {
                place: self.place(),
                username: self.username.clone(),
                message: answer.message,
                secret: self.secret.clone(),
            },
            false => Error::Unreachable { place: self.place(), message: answer.message },
        })
    }

    /// A session of a role in a database.
    pub(super) async fn connect_as(
        &self,
        role: &str,
        password: &Secret,
        database: &str,
    ) -> Result<Session, Answer> {
        self.open((role, password), database, options()).await
    }

    async fn open(
        &self,
        (role, password): (&str, &Secret),
        database: &str,
        settings: String,
    ) -> Result<Session, Answer> {
        let mut config = Config::new();
        config.host(&self.host).port(self.port).user(role).password(password.expose()).dbname(database);
        config.connect_timeout(CONNECT).keepalives_idle(SILENCE).tcp_user_timeout(SILENCE);
        config.application_name("databases-apiserver").options(settings);
        config.ssl_mode(match self.mode {
            SslMode::Disable => tokio_postgres::config::SslMode::Disable,
            SslMode::Prefer => tokio_postgres::config::SslMode::Prefer,
            _ => tokio_postgres::config::SslMode::Require,
        });
        let client = if self.mode == SslMode::Disable {
            open(&config, NoTls).await?
        } else {
            let trust = tls::config(self).map_err(|message| Answer { code: String::new(), message })?;
            open(&config, MakeRustlsConnect::new(trust)).await?
        };
        Ok(Session { client, place: self.place() })
    }
}

async fn open<T>(config: &Config, tls: T) -> Result<Client, Answer>
where
    T: MakeTlsConnect<Socket> + Send,
    T::Stream: Send + 'static,
    T::TlsConnect: Send,
    <T::TlsConnect as tokio_postgres::tls::TlsConnect<Socket>>::Future: Send,
{
    let silent = |_| Answer { code: String::new(), message: format!("no answer within {CONNECT:?}") };
    let connected = timeout(CONNECT, config.connect(tls)).await.map_err(silent)?;
    let (client, connection) = connected.map_err(|error| Answer::from(&error))?;
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            tracing::debug!(%error, "a connection to a server ended");
        }
    });
    Ok(client)
}

impl Session {
    /// Runs statements, all or none of them.
    pub(super) async fn run(&self, what: impl Into<String>, statements: &str) -> Result<(), Error> {
        self.bounded(what, self.client.batch_execute(statements)).await
    }

    /// The rows of several queries, asked for in one round, with every column as text.
    pub(in crate::backend) async fn look<const N: usize>(
        &self,
        what: &str,
        queries: [String; N],
    ) -> Result<[Vec<SimpleQueryRow>; N], Error> {
        let messages = self.bounded(what, self.client.simple_query(&queries.join(";"))).await?;
        let mut found = [const { Vec::new() }; N];
        let mut current = 0;
        for message in messages {
            match message {
                SimpleQueryMessage::Row(row) if current < N => found[current].push(row),
                SimpleQueryMessage::CommandComplete(_) => current += 1,
                _ => {}
            }
        }
        Ok(found)
    }

    async fn bounded<T>(
        &self,
        what: impl Into<String>,
        asked: impl Future<Output = Result<T, tokio_postgres::Error>>,
    ) -> Result<T, Error> {
        match timeout(STATEMENT, asked).await {
            Ok(answered) => {
                answered.map_err(|error| Error::Sql { what: what.into(), answer: Answer::from(&error) })
            }
            Err(_) => {
                let message = format!("no answer within {STATEMENT:?}, to: {}", what.into());
                Err(Error::Unreachable { place: self.place.clone(), message })
            }
        }
    }
}
