//! The server that a Secret names, by the keys of the Secret contract.

use super::error::Error;
use crate::backend::postgresql::{Secret, secret_text};
use databases_api::postgresql::PROTOCOL;
use serde_json::Value;

/// The database that is connected to where the Secret names none.
const DATABASE: &str = "postgres";

/// How a connection is encrypted, in libpq's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::backend) enum SslMode {
    /// Not at all.
    Disable,
    /// If the server can.
    Prefer,
    /// Always, with whoever answers.
    Require,
    /// Always, with whom the authorities vouch for.
    VerifyCa,
    /// Always, with the host whom the authorities vouch for.
    VerifyFull,
}

/// A server, and who manages it.
#[derive(Clone, Debug)]
pub(in crate::backend) struct Server {
    /// The Secret that names it, for a person.
    pub(in crate::backend) secret: String,
    pub(in crate::backend) host: String,
    pub(in crate::backend) port: u16,
    pub(in crate::backend) username: String,
    pub(in crate::backend) password: Secret,
    pub(in crate::backend) database: String,
    pub(in crate::backend) mode: SslMode,
    /// The authorities that vouch for it, PEM.
    pub(in crate::backend) authorities: Option<String>,
    /// Whether the login is known to be a superuser's.
    pub(in crate::backend) superuser: bool,
}

impl Server {
    /// Reads a Secret, as JSON. What is wrong with it is said without what is in it.
    pub(in crate::backend) fn read(secret: &str) -> Result<Self, Error> {
        let secret: Value = serde_json::from_str(secret).unwrap_or_default();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let (namespace, name) = (text(&secret["metadata"]["namespace"]), text(&secret["metadata"]["name"]));
        let title = format!("Secret {namespace}/{name}");
        let fault = |what: &str| Error::Missing(format!("{title} {what}"));
        let (kind, wanted) = (text(&secret["type"]), PROTOCOL.secret_type);
        if kind != wanted {
            return Err(fault(&format!("is of type {kind:?}: what names a server is of type {wanted}")));
        }
        let key = |key: &str| -> Result<String, Error> {
            secret_text(&secret, key).ok_or_else(|| fault(&format!("has no text in its key {key}")))
        };
        let needed = |name: &str| {
            let value = key(name)?;
            if value.is_empty() { Err(fault(&format!("lacks its key {name}"))) } else { Ok(value) }
        };
        let some = |value: String| Some(value).filter(|value| !value.is_empty());
        let port = some(key("port")?).map_or(Ok(PROTOCOL.port), |port| {
            port.parse().map_err(|_| fault("has no port in its key port"))
        })?;
        let host = needed("host")?;
        if host.starts_with('/') || host.contains(',') {
            return Err(fault("has no single host name or address in its key host"));
        }
        let authorities = some(key("certificates")?).or(some(key("ca.crt")?));
        let mode = match key("sslmode")?.as_str() {
            "" if authorities.is_some() => SslMode::VerifyFull,
            "" | "prefer" | "allow" => SslMode::Prefer,
            "disable" => SslMode::Disable,
            "require" if authorities.is_some() => SslMode::VerifyCa,
            "require" => SslMode::Require,
            "verify-ca" => SslMode::VerifyCa,
            "verify-full" => SslMode::VerifyFull,
            _ => {
                return Err(fault(
                    "has none of disable, prefer, require, verify-ca, verify-full in its key sslmode",
                ));
            }
        };
        Ok(Server {
            host,
            port,
            username: needed("username")?,
            password: Secret::new(needed("password")?),
            database: some(key("database")?).unwrap_or_else(|| DATABASE.to_owned()),
            mode,
            authorities,
            superuser: false,
            secret: title.clone(),
        })
    }

    /// Host and port.
    pub(in crate::backend) fn place(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }

    /// Whether applications have to encrypt.
    pub(in crate::backend) fn is_encrypted(&self) -> bool {
        !matches!(self.mode, SslMode::Disable | SslMode::Prefer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use serde_json::json;

    fn secret(kind: &str, keys: &[(&str, &str)]) -> String {
        let data = keys.iter().map(|(key, value)| ((*key).to_owned(), json!(STANDARD.encode(value))));
        let data: serde_json::Map<String, Value> = data.collect();
        json!({"metadata": {"namespace": "db", "name": "admin"}, "type": kind, "data": data}).to_string()
    }

    const LOGIN: [(&str, &str); 3] =
        [("host", "db.example.com"), ("username", "admin"), ("password", "hunter2")];
    const TYPE: &str = "servicebinding.io/postgresql";

    #[test]
    fn a_binding_is_read_and_what_it_lacks_is_usual() {
        let server = Server::read(&secret(TYPE, &LOGIN)).unwrap();
        assert_eq!((server.place().as_str(), server.database.as_str()), ("db.example.com:5432", "postgres"));
        assert_eq!(server.mode, SslMode::Prefer);
        let more = [("port", "6432"), ("sslmode", "require"), ("certificates", "PEM")];
        let server = Server::read(&secret(TYPE, &[&LOGIN[..], &more[..]].concat())).unwrap();
        assert_eq!((server.port, server.mode), (6432, SslMode::VerifyCa));
        assert!(!format!("{server:?}").contains("hunter2"));
    }

    #[test]
    fn a_secret_that_names_no_server_is_told_without_what_is_in_it() {
        for (secret, why) in [
            (secret("Opaque", &LOGIN), "is of type \"Opaque\""),
            (secret(TYPE, &LOGIN[..2]), "lacks its key password"),
            (secret(TYPE, &[&LOGIN[..], &[("port", "hunter2")]].concat()), "no port"),
            (secret(TYPE, &[&LOGIN[..], &[("sslmode", "hunter2")]].concat()), "key sslmode"),
            (secret(TYPE, &[&LOGIN[1..], &[("host", "/run")]].concat()), "key host"),
            (String::new(), "is of type"),
        ] {
            let error = Server::read(&secret).unwrap_err().to_string();
            assert!(error.contains(why) && !error.contains("hunter2"), "{error}");
        }
    }
}
