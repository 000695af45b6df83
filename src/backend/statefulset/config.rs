//! The files that pods mount: the script that starts PostgreSQL, and what it is configured by.

use super::encryption::Encryption;
use super::{MANAGER, SYSTEM, lease};
use crate::backend::operator::{Wish, at, hash};
use crate::backend::postgresql::line;
use crate::cluster::CONFIG_MAPS;
use databases_api::postgresql::parameters as policy;
use databases_api::postgresql::{PostgreSQLSpec, ReplicationMode};
use serde_json::{Value, json};

/// The setting by which a running server tells what it has read.
pub(super) const DIGEST: &str = "databases_standard.digest";
/// Who PostgreSQL runs as, whatever the image calls whom.
pub(super) const USER: u32 = 999;

/// The files that a server reads: its settings, who may connect, and how connections are encrypted.
const SETTINGS: &str = "postgresql.conf";
const ACCESS: &str = "pg_hba.conf";
const ENCRYPTION: &str = "encryption.conf";

const START: &str = include_str!("start.sh");
const READY: &str = include_str!("ready.sh");
/// PostgreSQL wants to know its own name.
const PASSWD: &str = "root:x:0:0::/:/bin/sh\npostgres:x:999:999::/tmp:/bin/sh\n";
const GROUP: &str = "root:x:0:\npostgres:x:999:\n";
/// The log that a standby which is away keeps on the primary is at most this part of the storage.
const KEPT_LOG: i64 = 4;
const MEBI: i64 = 1024 * 1024;

/// The files, by the keys of the ConfigMap, with the digest of those that a running server reads.
pub(super) struct Files {
    pub(super) encryption: Encryption,
    pub(super) digest: String,
    pub(super) data: Value,
}

/// Renders them.
pub(super) fn files(wish: &Wish<'_>) -> Files {
    let spec = &wish.object.spec;
    let encryption = Encryption::wanted(wish);
    let (settings, access, includes) = (settings(spec), access(encryption), encryption.includes());
    // What a set without a certificate runs with stays as it is, and is not read again for nothing.
    let told = if encryption == Encryption::Absent { "" } else { &includes };
    let digest = hash(&format!("{settings}{access}{told}").into());
    let data = json!({
        "start": START,
        "ready": READY,
        SETTINGS: settings + &line(DIGEST, &digest),
        ACCESS: access,
        ENCRYPTION: includes,
        "pg_ident.conf": "",
        "passwd": PASSWD,
        "group": GROUP,
        "initialize": if is_first(wish) { "yes" } else { "no" },
    });
    Files { encryption, digest, data }
}

/// What of the files is otherwise than what servers have.
pub(super) struct Changed {
    pub(super) settings: bool,
    pub(super) access: bool,
}

impl Files {
    /// What is new in them.
    pub(super) fn differ(&self, wish: &Wish<'_>) -> Changed {
        let is_map =
            |live: &&Value| at(live, "kind") == CONFIG_MAPS.kind && at(live, "metadata.name") == wish.name;
        let known = wish.beside.iter().find(is_map).map_or(&Value::Null, |map| &map["data"]);
        let access =
            !known.is_null() && [ACCESS, ENCRYPTION].iter().any(|file| known[file] != self.data[file]);
        let plain = |data: &Value| {
            data[SETTINGS].as_str().and_then(|text| Some(text.split_once(DIGEST)?.0.to_owned()))
        };
        let settings = plain(known) != plain(&self.data);
        // Where neither is so, somebody took them away, or changed them there.
        Changed { settings: settings || !access, access }
    }
}

/// Whether there was never a database: none was seen, and none is recorded.
fn is_first(wish: &Wish<'_>) -> bool {
    let is_recorded =
        lease::beside(wish).is_some_and(|lease| lease["metadata"]["annotations"][SYSTEM].is_string());
    let is_seen = !wish.object.status.instance.version.is_empty();
    !is_recorded && !is_seen && !wish.is_adopted()
}

/// Defaults, then what the object says, then what is not for it to say.
fn settings(spec: &PostgreSQLSpec) -> String {
    let instance = &spec.instance;
    let several = instance.instances > Some(1);
    let mut text = "# Written by databases-apiserver, which replaces this file.\n".to_owned();
    let mut defaults = vec![
        ("max_wal_senders", "20".to_owned()),
        ("max_replication_slots", "20".to_owned()),
        ("wal_keep_size", "128MB".to_owned()),
        ("timezone", "UTC".to_owned()),
        ("log_timezone", "UTC".to_owned()),
    ];
    if let Some(size) = instance.storage.size.as_ref().and_then(|size| size.whole()) {
        defaults.push((
            "max_slot_wal_keep_size",
            format!("{}MB", (size / KEPT_LOG / MEBI).clamp(64, i32::MAX.into())),
        ));
    }
    text.extend(defaults.iter().map(|(name, value)| line(name, value)));
    let open = |(name, _): &(&String, &String)| policy::refusal(name).is_none();
    text.extend(instance.parameters.iter().filter(open).map(|(name, value)| line(name, value)));
    let is_synchronous = spec.replication.as_ref().and_then(|replication| replication.mode.as_ref())
        == Some(&ReplicationMode::Synchronous);
    let waits_for = if is_synchronous && several { "ANY 1 (*)" } else { "" };
    let fixed = [
        ("password_encryption", "scram-sha-256"),
        ("wal_level", "replica"),
        ("hot_standby", "on"),
        ("wal_log_hints", "on"),
        ("superuser_reserved_connections", "5"),
        ("logging_collector", "off"),
        ("log_destination", "stderr"),
        ("ssl", "off"),
        ("synchronous_standby_names", waits_for),
    ];
    text.extend(fixed.iter().map(|(name, value)| line(name, value)));
    text
}

/// Everybody shows a password, inside the pod, too. PostgreSQL reads its settings and these rules one after the other: where files
/// become new in between, plain connections are refused before there are others. Who manages the server has a way in even then,
/// and encrypts where the server does.
fn access(encryption: Encryption) -> String {
    let connection = encryption.connection();
    let way_in = match encryption {
        Encryption::Required => format!("host all {MANAGER} all scram-sha-256\n"),
        _ => String::new(),
    };
    format!(
        "# Written by databases-apiserver, which replaces this file.\n\
         local all all scram-sha-256\n\
         {way_in}\
         {connection} all all all scram-sha-256\n\
         {connection} replication {MANAGER} all scram-sha-256\n\
         {connection} replication all all scram-sha-256\n"
    )
}
