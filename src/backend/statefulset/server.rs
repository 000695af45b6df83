//! What a server of a pod says, and what it is told, over SQL.

use super::certificate;
use super::config::DIGEST;
use super::pods::Pod;
use super::{MANAGER, PORT, SUPERUSER};
use crate::backend::Login;
use crate::backend::postgresql::{Login as Verified, Secret, cell, flag, identifier, literal};
use crate::backend::tenant::{Error, Server, SslMode};

/// How long a server may take to become the primary before it is looked at again.
const PROMOTION_SECONDS: u32 = 10;
const PLACES: &str = "SELECT pg_is_in_recovery(), current_setting('cluster_name'), \
     (SELECT system_identifier FROM pg_control_system()), \
     coalesce((SELECT max(substr(name, 1, 8)) FROM pg_ls_waldir() WHERE name ~ '^[0-9A-F]{24}$'), ''), \
     CASE WHEN pg_is_in_recovery() THEN coalesce(greatest(pg_last_wal_replay_lsn(), pg_last_wal_receive_lsn()), '0/0') - '0/0' \
     ELSE pg_current_wal_lsn() - '0/0' END";

/// A standby says nothing there.
const FOLLOWERS: &str = "SELECT CASE WHEN NOT pg_is_in_recovery() THEN \
     (SELECT string_agg(application_name, ' ') FROM pg_stat_replication WHERE state = 'streaming') END, \
     CASE WHEN NOT pg_is_in_recovery() THEN (SELECT string_agg(application_name, ' ') FROM pg_stat_replication \
     WHERE state = 'streaming' AND sync_state = 'sync' AND flush_lsn >= pg_current_wal_flush_lsn()) END, \
     current_setting('synchronous_standby_names')";

/// What a server says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Facts {
    pub(super) in_recovery: bool,
    /// What all copies of its data are known by.
    pub(super) system: String,
    /// The timeline that it has the log of, and how much of that: more is later.
    pub(super) timeline: String,
    pub(super) position: u128,
    /// The configuration that it has read.
    pub(super) configuration: String,
    /// The certificate that it has read; empty where it does not encrypt.
    pub(super) certificate: String,
    /// What of that takes a restart.
    pub(super) pending_restart: bool,
    /// What of its configuration it does not take, in a sentence; empty where it takes all.
    pub(super) invalid: String,
    /// The settings that it has more of than is wanted, because it was started as a standby; empty where there are none.
    pub(super) raised: String,
    /// Whether it streams from a primary.
    pub(super) is_streaming: bool,
    /// Of a primary: the pods that stream from it, as it sees them; and those of them that every commit waits for and that have
    /// all there is.
    pub(super) followers: Vec<String>,
    pub(super) complete: Vec<String>,
    /// What commits wait for, as PostgreSQL's synchronous_standby_names says.
    pub(super) awaits: String,
    pub(super) version: String,
    pub(super) bytes: u64,
}

impl Facts {
    /// How far its data goes, for a comparison.
    pub(super) fn progress(&self) -> (&str, u128) {
        (&self.timeline, self.position)
    }
}

/// Where a pod's server is managed; none where it has no address.
pub(super) fn of(pod: &Pod, password: &str) -> Option<Server> {
    Some(Server {
        secret: format!("the Secret of {MANAGER}"),
        host: pod.address.clone()?,
        port: PORT,
        username: MANAGER.into(),
        password: Secret::new(password),
        database: "postgres".into(),
        // While encryption comes or goes a server may be without it, and then refuses nobody for that.
        mode: SslMode::Prefer,
        authorities: None,
        superuser: true,
    })
}

/// Asks a server; another pod's, which has got the address by now, counts for nothing.
pub(super) async fn ask(server: &Server, pod: &Pod) -> Result<Facts, Error> {
    let session = server.connect().await?;
    let settings = format!(
        "SELECT coalesce(current_setting({}, true), ''), EXISTS (SELECT FROM pg_settings WHERE pending_restart), \
         split_part(current_setting('server_version'), ' ', 1), \
         EXISTS (SELECT FROM pg_stat_wal_receiver WHERE status = 'streaming'), \
         (SELECT sum(pg_database_size(oid)) FROM pg_database), \
         coalesce(current_setting('databases_standard.complaint', true), ''), \
         coalesce(current_setting('databases_standard.raised', true), ''), coalesce(current_setting({}, true), '')",
        literal(DIGEST),
        literal(certificate::DIGEST)
    );
    // What takes a restart is an error there, too; of a setting that is in the files no more its text alone says which.
    let invalid = "SELECT f.name, f.setting, f.error FROM pg_file_settings f WHERE f.error IS NOT NULL \
         AND NOT EXISTS (SELECT FROM pg_settings s WHERE s.pending_restart \
         AND (s.name = lower(f.name) OR f.name IS NULL AND strpos(f.error, s.name) > 0)) LIMIT 1";
    let queries = [PLACES.to_owned(), settings, invalid.to_owned(), FOLLOWERS.to_owned()];
    let [places, settings, invalid, followers] = session.look("look at a server", queries).await?;
    let nothing = || Error::Missing(format!("pod {} answers nothing", pod.name));
    let (place, setting) = places.first().zip(settings.first()).ok_or_else(nothing)?;
    let listed = |column| {
        let list = followers.first().map(|row| cell(row, column)).unwrap_or_default();
        list.split_whitespace().map(str::to_owned).collect()
    };
    if cell(place, 1) != pod.uid {
        return Err(Error::Missing(format!("another server answers at the address of pod {}", pod.name)));
    }
    let said = |row| match (cell(row, 0), cell(row, 1), cell(row, 2)) {
        (name, value, error) if value.is_empty() => {
            format!("spec.parameters[{name}]: PostgreSQL says: {error}")
        }
        (name, value, error) => {
            format!("spec.parameters[{name}]: PostgreSQL does not take {value:?}: {error}")
        }
    };
    Ok(Facts {
        in_recovery: flag(place, 0),
        system: cell(place, 2),
        timeline: cell(place, 3),
        position: cell(place, 4).parse().unwrap_or_default(),
        configuration: cell(setting, 0),
        certificate: cell(setting, 7),
        pending_restart: flag(setting, 1),
        version: cell(setting, 2),
        is_streaming: flag(setting, 3),
        followers: listed(0),
        complete: listed(1),
        awaits: followers.first().map(|row| cell(row, 2)).unwrap_or_default(),
        bytes: cell(setting, 4).parse().unwrap_or_default(),
        invalid: invalid.first().map(said).unwrap_or_else(|| complaint(&cell(setting, 5))),
        raised: cell(setting, 6).trim().to_owned(),
    })
}

/// What a server said of files that it was not started with.
fn complaint(said: &str) -> String {
    if said.is_empty() { String::new() } else { format!("spec.parameters: PostgreSQL says: {said}") }
}

/// Has a pod's server take writes. The server of any other pod does not heed it.
pub(super) async fn promote(server: &Server, pod: &Pod) -> Result<(), Error> {
    let statement = format!(
        "SELECT pg_promote(true, {PROMOTION_SECONDS}) WHERE pg_is_in_recovery() AND current_setting('cluster_name') = {}",
        literal(&pod.uid)
    );
    server.connect().await?.look("promote a server", [statement]).await.map(drop)
}

/// Has a server read its files again.
pub(super) async fn reload(server: &Server) -> Result<(), Error> {
    server
        .connect()
        .await?
        .look("read the configuration again", ["SELECT pg_reload_conf()".to_owned()])
        .await
        .map(drop)
}

/// Has every commit of a primary wait for what this says (synchronous_standby_names), whatever its configuration says; for none, as
/// its configuration says.
pub(super) async fn await_commits(server: &Server, awaits: Option<&str>) -> Result<(), Error> {
    let statement = match awaits {
        Some(awaits) => format!("ALTER SYSTEM SET synchronous_standby_names = {}", literal(awaits)),
        None => "ALTER SYSTEM RESET synchronous_standby_names".to_owned(),
    };
    server.connect().await?.look("have commits wait for a standby", [statement]).await?;
    reload(server).await
}

/// Has a primary keep the log for the standbys of these places, and for no others of the set.
pub(super) async fn keep_slots(server: &Server, ordinals: &[usize]) -> Result<(), Error> {
    let names: Vec<String> = ordinals.iter().map(|ordinal| literal(&format!("server_{ordinal}"))).collect();
    let list = format!("ARRAY[{}]::name[]", names.join(", "));
    let missing = format!(
        "SELECT pg_create_physical_replication_slot(name, true) FROM unnest({list}) AS name \
         WHERE NOT EXISTS (SELECT FROM pg_replication_slots WHERE slot_name = name)"
    );
    let left = format!(
        "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_type = 'physical' \
         AND slot_name ~ '^server_[0-9]+$' AND NOT active AND slot_name <> ALL ({list})"
    );
    server.connect().await?.look("keep the log for standbys", [missing, left]).await.map(drop)
}

/// Gives the superuser's login to whoever has its Secret, or takes it away.
pub(super) async fn share(server: &Server, login: Option<&Login>) -> Result<(), Error> {
    let name = identifier(SUPERUSER);
    let Some(login) = login else {
        let taken = format!(
            "SELECT pg_terminate_backend(s.pid) FROM pg_stat_activity s, pg_roles r WHERE s.usesysid = r.oid \
             AND r.rolname = {} AND NOT r.rolcanlogin",
            literal(SUPERUSER)
        );
        let session = server.connect().await?;
        let asked = format!("SELECT FROM pg_roles WHERE rolname = {} AND rolcanlogin", literal(SUPERUSER));
        let [found] = session.look("look at the superuser", [asked]).await?;
        if !found.is_empty() {
            let statement = format!("ALTER ROLE {name} WITH NOLOGIN NOSUPERUSER PASSWORD NULL");
            session.look("take away the superuser's login", [statement, taken]).await?;
        }
        return Ok(());
    };
    let password = Secret::new(login.password.clone());
    let shared = Server { username: SUPERUSER.into(), password: password.clone(), ..server.clone() };
    if !matches!(shared.connect().await, Err(Error::NotLetIn { .. })) {
        return Ok(());
    }
    let session = server.connect().await?;
    let asked = format!("SELECT FROM pg_roles WHERE rolname = {}", literal(SUPERUSER));
    let [found] = session.look("look at the superuser", [asked]).await?;
    let verb = if found.is_empty() { "CREATE" } else { "ALTER" };
    let verifier = Verified::of(password).verifier;
    let statement =
        format!("{verb} ROLE {name} WITH SUPERUSER LOGIN PASSWORD {}", literal(verifier.expose()));
    session.look("share the superuser's login", [statement]).await.map(drop)
}
