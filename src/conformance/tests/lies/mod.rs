//! What a class claims and does not do: the lies, by what they are about.

mod contents;
mod servers;
mod users;
mod way_in;

use crate::backend::{Backup, BackupPhase, Endpoint, Login, Observed, Offer, Reference, Role};
use databases_api::postgresql::{PostgreSQL, UserAttribute};
use databases_api::shared::{Access, Tls, TlsMode};
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// What is done beside what is stripped.
pub(super) enum Act {
    Nothing,
    /// Everybody is let in.
    Trusts,
    /// A deletion leaves everything.
    RemovesNothing,
    /// A backup before the deletion is told to be this, and that deletes the database, or does not.
    BacksUp(fn() -> Backup, bool),
    /// The database is made anew when this changes.
    MakesAnew(fn(&PostgreSQL) -> String),
}

/// A lie.
pub(super) struct Lie {
    /// The class that tells it.
    pub(super) name: &'static str,
    /// The test that has to find it.
    pub(super) found_by: &'static str,
    /// What is claimed.
    pub(super) offer: fn(&mut Offer),
    /// What is done in place of what is asked for; the object as it was first is beside it.
    pub(super) wish: fn(&mut PostgreSQL, &PostgreSQL),
    /// What is told in place of what is so, of what was asked for.
    pub(super) told: fn(&mut Observed, &PostgreSQL),
    pub(super) act: Act,
}

const TRUTH: Lie =
    Lie { name: "", found_by: "", offer: |_| {}, wish: |_, _| {}, told: |_, _| {}, act: Act::Nothing };

/// `name by test: what is other than in the truth`.
macro_rules! lies {
    ($($name:literal by $test:ident: $($part:ident = $value:expr),+;)*) => {
        use super::*;
        pub(super) static LIES: &[Lie] =
            &[$(Lie { name: $name, found_by: stringify!($test), $($part: $value,)+ ..TRUTH }),*];
    };
}
use lies;

/// Every lie.
pub(super) fn all() -> impl Iterator<Item = &'static Lie> {
    [way_in::LIES, contents::LIES, users::LIES, servers::LIES].into_iter().flatten()
}

/// An authority that signed nothing.
static FOREIGN: LazyLock<String> = LazyLock::new(|| {
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]);
    made.expect("a certificate").cert.pem()
});

/// An endpoint is told to be elsewhere.
fn moved(observed: &mut Observed, host: &str, port: u16) {
    for endpoint in observed.endpoints.iter_mut().filter(|endpoint| endpoint.role == Role::ReadWrite) {
        (endpoint.host, endpoint.port) = (host.to_owned(), port);
    }
}

fn clones(offer: &mut Offer) {
    offer.features.push("PostgreSQLClone".into());
}

fn snapshots(offer: &mut Offer) {
    offer.features.push("PostgreSQLDeletionSnapshot".into());
}

/// A backup that is nowhere.
fn nowhere(phase: BackupPhase) -> Backup {
    let [group, kind] = [databases_api::GROUP, "PostgreSQL"].map(str::to_owned);
    let reference = Reference { group, kind, namespace: "demo".into(), name: "never-made".into() };
    Backup { reference, phase, message: String::new() }
}

/// The endpoint of replicas is told to be another, or none.
fn read_only(observed: &mut Observed, to: Option<Role>) {
    let target = observed.endpoints.iter().find(|endpoint| Some(endpoint.role) == to).cloned();
    observed.endpoints.retain(|endpoint| endpoint.role != Role::ReadOnly);
    observed.endpoints.extend(target.map(|endpoint| Endpoint { role: Role::ReadOnly, ..endpoint }));
}

fn all_ready(observed: &mut Observed, object: &PostgreSQL) {
    let wanted = object.spec.instance.instances.unwrap_or(1);
    (observed.instances, observed.ready_instances) = (wanted, wanted);
}

fn parameters(object: &mut PostgreSQL) -> &mut BTreeMap<String, String> {
    &mut object.spec.instance.parameters
}

/// Another mode, where one is asked for.
fn tls(object: &mut PostgreSQL, mode: TlsMode) {
    if object.spec.instance.tls.as_ref().is_some_and(|tls| tls.mode.is_some()) {
        object.spec.instance.tls = Some(Tls { mode: Some(mode), ..Tls::default() });
    }
}

fn first(observed: &mut Observed, change: impl FnOnce(&mut Login)) {
    if let Some(login) = observed.logins.first_mut() {
        change(login);
    }
}

/// Another owns the database; who is told to is a user with these attributes.
fn owned_by_another(object: &mut PostgreSQL, attributes: &[UserAttribute]) {
    use databases_api::postgresql::User;
    let databases = vec![object.spec.databases[0].name.clone()];
    let name = std::mem::replace(&mut object.spec.databases[0].owner, "another".into());
    object.spec.users.push(User { name, attributes: attributes.to_vec(), databases });
}

fn without_another(observed: &mut Observed) {
    observed.logins.retain(|login| login.username != "another");
    first(observed, |login| login.database = "app".into());
}

fn also(object: &mut PostgreSQL, attribute: UserAttribute) {
    object.spec.users.iter_mut().for_each(|user| user.attributes.push(attribute.clone()));
}

/// A login of which nobody knows.
fn invented(observed: &mut Observed, username: &str, database: &str) {
    let (username, database) = (username.to_owned(), database.to_owned());
    observed.logins.push(Login { username, database, password: "invented".into(), ..Login::default() });
}

fn is_super(object: &PostgreSQL) -> bool {
    object.spec.superuser_access == Some(Access::Enabled)
}
