//! A PostgreSQL connection made of nothing but a binding Secret.

use std::time::Duration;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use serde_json::Value;
use tokio_postgres::config::SslMode;
use tokio_postgres::{Client, Config, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::{Error, Result};

/// The keys of a binding Secret that a client needs.
#[derive(Clone)]
pub struct Credentials {
    /// Host name or address.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// Role to log in as.
    pub username: String,
    /// Its password.
    pub password: String,
    /// Database to open.
    pub database: String,
    /// The CA that signed the server's certificate (PEM), when it offers TLS.
    pub certificates: Option<String>,
}

impl Credentials {
    /// Reads a `v1` Secret of type `servicebinding.io/postgresql`.
    pub fn from_secret(secret: &Value) -> Result<Self> {
        let missing = |key: &str| Error::Binding {
            secret: secret["metadata"]["name"].as_str().unwrap_or_default().to_owned(),
            key: key.to_owned(),
        };
        let optional = |key: &str| {
            let bytes = BASE64_STANDARD.decode(secret["data"][key].as_str()?).ok()?;
            String::from_utf8(bytes).ok()
        };
        let required = |key: &str| optional(key).ok_or_else(|| missing(key));
        Ok(Self {
            host: required("host")?,
            port: required("port")?.parse().map_err(|_| missing("a numeric port"))?,
            username: required("username")?,
            password: required("password")?,
            database: required("database")?,
            certificates: optional("certificates"),
        })
    }

    /// `host:port`.
    pub fn address(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }

    /// Connects, with TLS verified against `certificates` when the Secret carries them.
    pub async fn connect(&self) -> Result<Client> {
        let mut config = Config::new();
        config
            .host(&self.host)
            .port(self.port)
            .user(&self.username)
            .password(&self.password)
            .dbname(&self.database)
            .connect_timeout(Duration::from_secs(10));
        match &self.certificates {
            Some(pem) => {
                let tls = MakeRustlsConnect::new(self.tls(pem)?);
                let connected = config.ssl_mode(SslMode::Require).connect(tls).await;
                let (client, connection) = connected.map_err(|error| self.refused(&error))?;
                tokio::spawn(connection);
                Ok(client)
            }
            None => {
                let connected = config.ssl_mode(SslMode::Disable).connect(NoTls).await;
                let (client, connection) = connected.map_err(|error| self.refused(&error))?;
                tokio::spawn(connection);
                Ok(client)
            }
        }
    }

    /// Connects and reads one text value.
    pub async fn query(&self, sql: &str) -> Result<String> {
        let client = self.connect().await?;
        let row = client.query_one(sql, &[]).await.map_err(|error| self.refused(&error))?;
        row.try_get(0).map_err(|error| self.refused(&error))
    }

    fn tls(&self, pem: &str) -> Result<ClientConfig> {
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
            let added = certificate.map_err(|error| error.to_string());
            let added =
                added.and_then(|certificate| roots.add(certificate).map_err(|error| error.to_string()));
            added.map_err(|reason| Error::Database { address: self.address(), reason })?;
        }
        Ok(ClientConfig::builder().with_root_certificates(roots).with_no_client_auth())
    }

    fn refused(&self, error: &tokio_postgres::Error) -> Error {
        let reason = match (error.as_db_error(), std::error::Error::source(error)) {
            (Some(said), _) => said.message().to_owned(),
            (None, Some(source)) => source.to_string(),
            (None, None) => error.to_string(),
        };
        Error::Database { address: self.address(), reason }
    }
}
