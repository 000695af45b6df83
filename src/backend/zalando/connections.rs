//! Who may connect to a `postgresql`, and from where.

use crate::backend::Refusal;
use crate::backend::operator::{Exposure, Wish, check_issuer};
use databases_api::shared::{Tls, TlsMode};
use serde_json::{Value, json};

/// The group that PostgreSQL runs as in the operator's image, which has to read the key of a certificate.
const POSTGRES_GROUP: u64 = 103;
/// Set for a server, it admits connections that are not encrypted.
pub(super) const ADMITS_PLAIN: &str = "ALLOW_NOSSL";
/// The range of all addresses.
const ANYBODY: &str = "0.0.0.0/0";

/// What is said of that but in the environment of the servers.
pub(super) fn wanted(wish: &Wish<'_>) -> Result<Vec<(&'static str, Value)>, Refusal> {
    let tls = wish.object.spec.instance.tls.as_ref().map(tls).transpose()?.unwrap_or_default();
    Ok(tls.into_iter().chain(exposure(wish)).collect())
}

/// Whether plain connections are to be admitted.
pub(super) fn is_optional(wish: &Wish<'_>) -> bool {
    let tls = wish.object.spec.instance.tls.as_ref();
    tls.and_then(|tls| tls.mode.as_ref()) == Some(&TlsMode::Optional)
}

/// Whether plain connections are refused, as the operator's image does by itself.
pub(super) fn refuses_plain(live: &Value) -> bool {
    let mut variables = live["spec"]["env"].as_array().into_iter().flatten();
    let is_own = live["spec"]["patroni"]["pg_hba"].is_array();
    !is_own && !variables.any(|one| one["name"] == ADMITS_PLAIN && one["value"] == "true")
}

/// The Service of the primary. Where the operator is told of no ranges, its load balancer lets nobody in.
fn exposure(wish: &Wish<'_>) -> Vec<(&'static str, Value)> {
    let Exposure { kind, annotations, mut ranges } = wish.exposure();
    let mut found = vec![("masterServiceAnnotations", annotations)];
    if !kind.is_null() {
        found.push(("enableMasterLoadBalancer", (kind == "LoadBalancer").into()));
        found.push(("enableMasterNodePort", (kind == "NodePort").into()));
    }
    if kind == "LoadBalancer" && ranges.is_null() {
        ranges = json!([ANYBODY]);
    }
    found.push(("allowedSourceRanges", ranges));
    found
}

fn tls(tls: &Tls) -> Result<Vec<(&'static str, Value)>, Refusal> {
    let mut found = Vec::new();
    if tls.mode == Some(TlsMode::Disabled) {
        let message = "spec.tls.mode: Zalando's operator always encrypts; use Optional or Required";
        return Err(Refusal::new("UnsupportedFeature", message));
    }
    check_issuer(tls)?;
    if let Some(secret) = &tls.certificate_secret_ref {
        found.push(("tls.secretName", secret.name.as_str().into()));
        found.push(("spiloFSGroup", POSTGRES_GROUP.into()));
    }
    Ok(found)
}
