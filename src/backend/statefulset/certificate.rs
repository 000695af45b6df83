//! The certificate that an object's servers serve, in a Secret that their pods mount.
//!
//! It is a copy of the one that `spec.tls.certificateSecretRef` names, or signed by an authority of the object's own, whose key is
//! in that Secret, too, and in no pod. It is renewed by the same authority. Where somebody deleted or changed the Secret, there
//! is a new authority: applications find it in their Secrets.
//!
//! A line for PostgreSQL is beside the certificate, with its digest: that line and the certificate reach a pod in one step, so
//! a server that knows the digest has read the certificate.

use super::encryption::{CHAIN, KEY, SETTINGS};
use super::{certificate_secret, failed, headless, read_only, read_write};
use crate::backend::operator::{UID_LABEL, labels};
use crate::backend::postgresql::{
    Authority, Issued, Secret, check_certificate, hash, line, secret_value, was_made,
};
use crate::backend::{Code, Error, Refusal, Request, Resolved, Warner, Warning};
use crate::cluster::{Cluster, Place, SECRETS};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use databases_api::postgresql::PostgreSQL;
use databases_api::shared::CERTIFICATE_SECRET_REF;
use serde_json::{Map, Value, json};

/// The setting by which a running server tells which certificate it has read.
pub(super) const DIGEST: &str = "databases_standard.certificate";
/// Hexadecimal digits of that.
const DIGITS: usize = 32;
const AUTHORITY: &str = "ca.crt";
const AUTHORITY_KEY: &str = "ca.key";
/// On the Secret: when a certificate of ours is replaced (in seconds since 1970), and the names that it is for.
const RENEWAL: &str = "databases.standard.k8s.io/renew-at";
const NAMES: &str = "databases.standard.k8s.io/names";
/// The longest common name of a certificate.
const COMMON_NAME: usize = 60;

/// What servers are to serve.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Served {
    /// Who signed it, PEM; none where that is not known.
    pub(super) authority: Option<String>,
    pub(super) digest: String,
}

/// What the Secret holds. Of a certificate that somebody gives there is no authority's key, and no name.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Contents {
    issued: Issued,
    authority_key: Secret,
    names: String,
}

impl Contents {
    fn read(secret: &Value) -> Self {
        let value = |key| secret_value(secret, key).unwrap_or_default();
        let annotation = |name: &str| secret["metadata"]["annotations"][name].as_str().unwrap_or_default();
        let renew_at = annotation(RENEWAL).parse().unwrap_or(i64::MAX);
        let (chain, key, ca) = (value(CHAIN), Secret::new(value(KEY)), value(AUTHORITY));
        let issued = Issued { chain, key, ca, renew_at };
        let authority_key = Secret::new(value(AUTHORITY_KEY));
        Contents { issued, authority_key, names: annotation(NAMES).to_owned() }
    }

    /// A new certificate for these names, of the authority of the one before where there is one.
    fn issue(before: Option<Contents>, name: &str, names: &[String]) -> Result<Self, Error> {
        let name: String = name.chars().take(COMMON_NAME).collect();
        let sign = |authority: Authority| {
            let issued = authority.issue(&name, names.to_vec())?;
            Ok(Contents { issued, authority_key: authority.key, names: names.join(" ") })
        };
        let known =
            before.map(|before| Authority { certificate: before.issued.ca, key: before.authority_key });
        let signed = match known {
            Some(authority) => sign(authority),
            None => Authority::generate(&format!("{name} CA")).and_then(sign),
        };
        signed.map_err(|error| {
            Error::retried(Code::Unavailable, format!("no certificate can be made: {error}"))
        })
    }

    fn is_ours(&self) -> bool {
        !self.authority_key.expose().is_empty()
    }

    fn parts(&self) -> [(&'static str, &str); 4] {
        let Issued { chain, key, ca, .. } = &self.issued;
        [(CHAIN, chain), (KEY, key.expose()), (AUTHORITY, ca), (AUTHORITY_KEY, self.authority_key.expose())]
    }

    fn digest(&self) -> String {
        hash(&format!("{:?} {}", self.parts(), self.issued.renew_at), DIGITS)
    }

    /// What PostgreSQL reads together with the certificate.
    fn settings(&self) -> String {
        line("ssl", "on") + &line(DIGEST, &self.digest())
    }

    /// Whether a Secret is as it was written.
    fn is_untouched(&self, secret: &Value) -> bool {
        secret_value(secret, SETTINGS).is_some_and(|settings| settings == self.settings())
    }

    fn served(&self) -> Served {
        let authority = Some(self.issued.ca.clone()).filter(|ca| !ca.is_empty());
        Served { authority, digest: self.digest() }
    }

    /// The Secret of that name, for an object.
    fn secret(&self, object: &PostgreSQL, name: &str) -> Value {
        let settings = self.settings();
        let parts = self.parts().into_iter().chain([(SETTINGS, settings.as_str())]);
        let filled = parts.filter(|(_, part)| !part.is_empty());
        let data: Map<String, Value> =
            filled.map(|(key, part)| (key.to_owned(), STANDARD.encode(part).into())).collect();
        let annotations = match self.is_ours() {
            true => json!({RENEWAL: self.issued.renew_at.to_string(), NAMES: self.names}),
            false => json!({}),
        };
        let namespace = &object.metadata.namespace;
        json!({
            "apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/tls",
            "metadata": {
                "name": name, "namespace": namespace, "labels": labels(object), "annotations": annotations,
            },
            "data": data,
        })
    }
}

/// The certificate that a person gives; none where it cannot be had, or why it cannot be served.
fn given(references: &[Resolved]) -> Option<Result<Contents, Refusal>> {
    let found = references.iter().find(|resolved| resolved.path == CERTIFICATE_SECRET_REF)?;
    let given = Contents::read(&serde_json::from_str(&found.object).unwrap_or_default());
    let Contents { issued: Issued { chain, key, ca, .. }, .. } = given;
    let refused = |why: String| {
        let message = format!("{CERTIFICATE_SECRET_REF}: Secret {} cannot be served: {why}", found.name);
        Refusal::new("BackendRejected", message)
    };
    Some(check_certificate(&chain, &key).map_err(refused).map(|()| Contents {
        issued: Issued { chain, key, ca, renew_at: i64::MAX },
        authority_key: Secret::new(""),
        names: String::new(),
    }))
}

/// Refuses a certificate that a person gives and PostgreSQL could not serve.
pub(super) fn check(references: &[Resolved]) -> Result<(), Refusal> {
    given(references).transpose().map(drop)
}

/// How servers are reached: by the names of their Services, and as pods.
fn names(name: &str, namespace: &str, domain: &str) -> Vec<String> {
    let within = [format!(".{namespace}"), format!(".{namespace}.svc"), format!(".{namespace}.svc.{domain}")];
    let services = [read_write(name), read_only(name), headless(name)];
    let pods = format!("*.{}", headless(name));
    let hosts = services.iter().chain([&pods]);
    let long = hosts.flat_map(|host| within.iter().map(move |domain| format!("{host}{domain}")));
    services.iter().cloned().chain(long).chain(["localhost".to_owned()]).collect()
}

/// The certificate of one object's servers.
pub(super) struct Certificate<'a> {
    pub(super) cluster: &'a Cluster,
    pub(super) request: &'a Request<PostgreSQL>,
    /// The name of the set.
    pub(super) name: &'a str,
    /// The domain of the cluster's Services.
    pub(super) domain: &'a str,
    pub(super) warner: &'a Warner,
}

impl Certificate<'_> {
    fn names(&self) -> Vec<String> {
        names(self.name, &self.request.object.metadata.namespace, self.domain)
    }

    async fn look(&self) -> Result<Option<Value>, Error> {
        let secret = certificate_secret(self.name);
        let namespace = &self.request.object.metadata.namespace;
        let place = Place { resource: &SECRETS, namespace, name: &secret };
        self.cluster.look(place).await.map_err(|error| failed(&error))
    }

    /// What is to be served, as the Secret has it.
    pub(super) async fn served(&self) -> Result<Option<Served>, Error> {
        Ok(self.look().await?.map(|secret| Contents::read(&secret).served()))
    }

    /// Whether servers are to have another certificate than the Secret has. What a person gives and cannot be had changes
    /// nothing.
    fn is_due(&self, secret: &Value, known: &Contents) -> bool {
        let tls = self.request.object.spec.instance.tls.as_ref();
        let fits = match given(&self.request.references) {
            Some(Ok(given)) => *known == given,
            _ if tls.is_some_and(|tls| tls.certificate_secret_ref.is_some()) => true,
            _ => known.is_ours() && !known.issued.is_stale() && known.names == self.names().join(" "),
        };
        !fits || !known.is_untouched(secret)
    }

    /// Whether servers that run are to have another one.
    pub(super) async fn changes(&self) -> Result<bool, Error> {
        Ok(self.look().await?.is_some_and(|secret| self.is_due(&secret, &Contents::read(&secret))))
    }

    /// Has the Secret be as it should.
    pub(super) async fn keep(&self) -> Result<Served, Error> {
        let object = &self.request.object;
        let found = self.look().await?;
        let secret = found.as_ref().unwrap_or(&Value::Null);
        let known = Contents::read(secret);
        let is_labelled = secret["metadata"]["labels"][UID_LABEL] == object.metadata.uid.as_str();
        let mut is_replaced = false;
        let wanted = match given(&self.request.references) {
            _ if !self.is_due(secret, &known) => known,
            Some(Ok(given)) => given,
            _ => {
                let is_lost = !known.is_untouched(secret);
                is_replaced = is_lost && was_made(object);
                let before = Some(known).filter(|known| known.is_ours() && !is_lost);
                Contents::issue(before, self.name, &self.names())?
            }
        };
        let name = certificate_secret(self.name);
        let mut written = wanted.secret(object, &name);
        if is_labelled && Contents::read(secret) == wanted {
            return Ok(wanted.served());
        }
        if let Some(version) = secret["metadata"].get("resourceVersion") {
            // What somebody else wrote meanwhile is looked at first.
            written["metadata"]["resourceVersion"] = version.clone();
        }
        let place = Place { resource: &SECRETS, namespace: &object.metadata.namespace, name: &name };
        self.cluster.apply(place, &written, false).await.map_err(|error| failed(&error))?;
        if is_replaced {
            self.warner.tell(replaced(&object.metadata.uid, &name));
        }
        Ok(wanted.served())
    }
}

/// What the people of clients should know, who may have copied the authority.
fn replaced(uid: &str, secret: &str) -> Warning {
    let message = format!(
        "Secret {secret} is not there as it was made: the servers get a certificate of a new authority, which applications \
         find in their Secrets"
    );
    Warning { uid: uid.to_owned(), reason: "CertificateReplaced".to_owned(), message }
}
