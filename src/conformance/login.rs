//! What a Secret of the standard says.

use super::door::Door;
use super::failure::Failure;
use super::trust::Trust;
use k8s_openapi::api::core::v1::Secret;
use std::collections::BTreeMap;

/// The content of a credentials Secret. It has no `Debug`.
#[derive(Clone)]
pub(super) struct Login {
    /// The Secret's name.
    pub(super) name: String,
    /// Its type.
    pub(super) kind: String,
    /// Its labels.
    pub(super) labels: BTreeMap<String, String>,
    /// Whether it names owners, with which it would go.
    pub(super) is_owned: bool,
    values: BTreeMap<String, String>,
}

impl Login {
    pub(super) fn of(secret: Secret) -> Self {
        let data = secret.data.unwrap_or_default().into_iter();
        let text =
            |(key, value): (String, k8s_openapi::ByteString)| Some((key, String::from_utf8(value.0).ok()?));
        Login {
            name: secret.metadata.name.unwrap_or_default(),
            kind: secret.type_.unwrap_or_default(),
            labels: secret.metadata.labels.unwrap_or_default(),
            is_owned: secret.metadata.owner_references.is_some_and(|owners| !owners.is_empty()),
            values: data.filter_map(text).collect(),
        }
    }

    /// The value of a key, if it has one.
    pub(super) fn get(&self, key: &str) -> Option<&str> {
        self.values.get(key).map(String::as_str)
    }

    /// The value of a key that it must have.
    pub(super) fn text(&self, key: &str) -> Result<&str, Failure> {
        let found = self.get(key).filter(|value| !value.is_empty());
        found.ok_or_else(|| Failure::new(format!("Secret {} has no {key}", self.name)))
    }

    /// The keys that it has.
    pub(super) fn keys(&self) -> Vec<&str> {
        self.values.keys().map(String::as_str).collect()
    }

    fn port(&self, key: &str) -> Result<u16, Failure> {
        let wrong = |_| Failure::new(format!("{key} of Secret {} is no port", self.name));
        self.text(key)?.parse().map_err(wrong)
    }

    /// How an application connects with it: encrypted, and with the server's name checked, where it carries an authority, which
    /// the standard does not ask of every class.
    pub(super) fn door(&self) -> Result<Door, Failure> {
        self.door_at("host", "port")
    }

    /// The same, to the endpoint of replicas.
    pub(super) fn read_only_door(&self) -> Result<Door, Failure> {
        self.door_at("ro-host", "ro-port")
    }

    fn door_at(&self, host: &str, port: &str) -> Result<Door, Failure> {
        Ok(Door {
            host: self.text(host)?.to_owned(),
            port: self.port(port)?,
            username: self.text("username")?.to_owned(),
            password: Some(self.text("password")?.to_owned()),
            database: self.text("database")?.to_owned(),
            trust: self.trust()?,
        })
    }

    /// What `uri` says, read as a client does that knows nothing else.
    pub(super) fn uri_door(&self) -> Result<Door, Failure> {
        let name = &self.name;
        let uri = self.text("uri")?;
        // The driver knows no stricter word for a mode than this; the name is checked whenever there is an authority.
        let uri = uri.replace("sslmode=verify-full", "sslmode=require");
        let wrong = |what: &str| Failure::new(format!("uri of Secret {name} {what}"));
        let config: tokio_postgres::Config = uri.parse().map_err(|_| wrong("cannot be read"))?;
        let host = match config.get_hosts() {
            [tokio_postgres::config::Host::Tcp(host)] => host.clone(),
            _ => return Err(wrong("does not name one host")),
        };
        let password = config.get_password().map(|password| String::from_utf8_lossy(password).into_owned());
        Ok(Door {
            host,
            port: config.get_ports().first().copied().ok_or_else(|| wrong("has no port"))?,
            username: config.get_user().ok_or_else(|| wrong("has no user"))?.to_owned(),
            password,
            database: config.get_dbname().ok_or_else(|| wrong("has no database"))?.to_owned(),
            trust: self.trust()?,
        })
    }

    fn trust(&self) -> Result<Trust, Failure> {
        match (self.get("certificates"), self.get("sslmode")) {
            (Some(pem), _) => Ok(Trust::Authority(pem.to_owned())),
            (None, None | Some("disable" | "prefer" | "allow")) => Ok(Trust::Plain),
            (None, Some("require")) => Ok(Trust::Anybody),
            (None, Some(mode)) => {
                let name = &self.name;
                let why = format!(
                    "Secret {name} says sslmode {mode} and has no certificates to check the server by"
                );
                Err(Failure::new(why))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use k8s_openapi::ByteString;

    #[test]
    fn a_client_checks_what_the_secret_lets_it_check() {
        let ca = || Ok(Trust::Authority("PEM".into()));
        type Keys = &'static [(&'static str, &'static str)];
        let cases: [(Keys, Result<Trust, ()>); 6] = [
            (&[], Ok(Trust::Plain)),
            (&[("sslmode", "prefer")], Ok(Trust::Plain)),
            (&[("sslmode", "require")], Ok(Trust::Anybody)),
            (&[("sslmode", "require"), ("certificates", "PEM")], ca()),
            (&[("certificates", "PEM")], ca()),
            (&[("sslmode", "verify-full")], Err(())),
        ];
        for (keys, trusts) in cases {
            let text = |(key, value): &(&str, &str)| ((*key).into(), ByteString(value.as_bytes().to_vec()));
            let data = Some(keys.iter().map(text).collect());
            let login = Login::of(Secret { data, ..Secret::default() });
            assert_eq!(login.trust().map_err(drop), trusts, "{keys:?}");
        }
    }
}
