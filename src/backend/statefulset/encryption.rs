//! Whether connections are encrypted, and what pods have for it.
//!
//! Every new object's pods mount a certificate, whatever `spec.tls.mode` says: so the mode changes while servers run. A set of an
//! earlier release has none; it gets one, which takes a restart, when its object asks for encryption. Until the last of its
//! servers has it, plain connections are taken, whatever is asked for: they would be the only ones.

use super::dialect::is_observed;
use super::{ENCRYPTION, certificate_secret};
use crate::backend::operator::{Wish, at};
use databases_api::postgresql::PostgreSQL;
use databases_api::shared::TlsMode;
use serde_json::{Value, json};

/// The volume with the certificate, the variable that the script knows it by, and where it is in a pod.
const VOLUME: &str = "tls";
const FOLDER: (&str, &str) = ("TLS", "/etc/databases-tls");
/// The keys of the Secret that pods see.
const SHOWN: [&str; 3] = [CHAIN, KEY, SETTINGS];
pub(super) const CHAIN: &str = "tls.crt";
pub(super) const KEY: &str = "tls.key";
/// What PostgreSQL reads together with the certificate.
pub(super) const SETTINGS: &str = "certificate.conf";

/// How connections to an object's servers are encrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encryption {
    /// They cannot be: pods have no certificate.
    Absent,
    Disabled,
    Optional,
    /// Others are refused.
    Required,
}

impl Encryption {
    fn as_str(self) -> &'static str {
        match self {
            Encryption::Absent => "",
            Encryption::Disabled => "Disabled",
            Encryption::Optional => "Optional",
            Encryption::Required => "Required",
        }
    }

    /// What the servers of a StatefulSet are told.
    pub(super) fn told(live: &Value) -> Self {
        let told = live["metadata"]["annotations"][ENCRYPTION].as_str().unwrap_or_default();
        let known = [Encryption::Disabled, Encryption::Optional, Encryption::Required];
        known.into_iter().find(|one| one.as_str() == told).unwrap_or(Encryption::Absent)
    }

    /// What they are to be told now.
    pub(super) fn wanted(wish: &Wish<'_>) -> Self {
        let (live, told) = (wish.live, Encryption::told(wish.live));
        let (is_new, has_certificate) = (live.is_null(), told != Encryption::Absent);
        let asked = match asked(wish.object) {
            Encryption::Absent if !is_new && !has_certificate => return Encryption::Absent,
            Encryption::Absent if wish.is_adopted() && has_certificate => told,
            Encryption::Absent => Encryption::Optional,
            asked => asked,
        };
        match asked {
            Encryption::Disabled if !is_new && !has_certificate => Encryption::Absent,
            Encryption::Required if told == Encryption::Required || is_new => asked,
            Encryption::Required if has_certificate && is_rolled_out(live) => asked,
            Encryption::Required => Encryption::Optional,
            asked => asked,
        }
    }

    /// Whether connections may be encrypted.
    pub(super) fn is_on(self) -> bool {
        matches!(self, Encryption::Optional | Encryption::Required)
    }

    /// The annotations of a StatefulSet that say so.
    pub(super) fn annotate(self, set: &mut Value) {
        if self != Encryption::Absent {
            set["metadata"]["annotations"][ENCRYPTION] = self.as_str().into();
        }
    }

    /// The first word of a rule about who may connect over the network.
    pub(super) fn connection(self) -> &'static str {
        if self == Encryption::Required { "hostssl" } else { "host" }
    }

    /// What PostgreSQL includes: how a standby connects to its primary, and, where encryption is on, the settings that come with
    /// the certificate. Both files are put beside this one by the script.
    pub(super) fn includes(self) -> String {
        let standby = if self == Encryption::Required { "require" } else { "prefer" };
        let settings = if self.is_on() { format!("include_if_exists '{SETTINGS}'\n") } else { String::new() };
        format!("include 'primary-{standby}.conf'\n{settings}")
    }

    /// Gives a pod the certificate of a set of this name.
    pub(super) fn equip(self, pod: &mut Value, name: &str) {
        if self == Encryption::Absent {
            return;
        }
        let items: Value = SHOWN.iter().map(|key| json!({"key": key, "path": key})).collect();
        let secret = json!({"secretName": certificate_secret(name), "defaultMode": 0o440, "items": items});
        let container = &mut pod["containers"][0];
        let (variable, folder) = FOLDER;
        push(&mut container["env"], json!({"name": variable, "value": folder}));
        push(&mut container["volumeMounts"], json!({"name": VOLUME, "mountPath": folder}));
        push(&mut pod["volumes"], json!({"name": VOLUME, "secret": secret}));
    }
}

fn push(list: &mut Value, item: Value) {
    if let Some(list) = list.as_array_mut() {
        list.push(item);
    }
}

/// What an object asks for; absent where it says nothing.
fn asked(object: &PostgreSQL) -> Encryption {
    let tls = object.spec.instance.tls.as_ref();
    match tls.and_then(|tls| tls.mode.as_ref()) {
        Some(TlsMode::Disabled) => Encryption::Disabled,
        Some(TlsMode::Optional) => Encryption::Optional,
        Some(TlsMode::Required) => Encryption::Required,
        _ if tls.is_some_and(|tls| tls.certificate_secret_ref.is_some()) => Encryption::Optional,
        _ => Encryption::Absent,
    }
}

/// Whether a set that has no certificate gets one.
pub(super) fn is_new(wish: &Wish<'_>) -> bool {
    let told = Encryption::told(wish.live);
    told == Encryption::Absent && Encryption::wanted(wish) != Encryption::Absent
}

/// Whether all pods are as their template says.
fn is_rolled_out(live: &Value) -> bool {
    is_observed(live) && live["status"]["currentRevision"] == live["status"]["updateRevision"]
}

/// Whether a pod has a certificate.
pub(super) fn is_equipped(pod: &Value) -> bool {
    pod["spec"]["volumes"].as_array().into_iter().flatten().any(|volume| at(volume, "name") == VOLUME)
}

/// What is still to come of what an object asks for.
pub(super) fn pending(object: &PostgreSQL, live: &Value) -> Option<String> {
    let waits = asked(object) == Encryption::Required && Encryption::told(live) != Encryption::Required;
    waits.then(|| "plain connections are taken until every server has its certificate".to_owned())
}
