//! What one operator does to its objects, as values. Who does it is the [`Stage`](super::Stage).

use crate::backend::conformance::Wish;
use crate::backend::operator::Dialect;
use crate::cluster::Resource;
use databases_api::postgresql::{PostgreSQL, PostgreSQLSpec, User};
use databases_api::shared::{RESTARTED_AT, State, Tls, TlsMode};
use serde_json::Value;

/// An operator, played.
pub(in crate::backend) trait Player: Send + Sync + 'static {
    /// The dialect that is spoken to it.
    type Dialect: Dialect + Default;
    /// Whether databases and roles are made over SQL, so that there have to be servers.
    const HAS_SERVERS: bool = false;
    /// Whether statuses are written apart from the rest of an object.
    const STATUS_IS_APART: bool = true;
    /// The folder of its kinds.
    const IMPLEMENTATION: &'static str;
    /// What may be taken away, so that less is offered.
    const DISPENSABLE: Dispensable;
    /// Whether it can be stopped.
    const STOPS: bool = true;

    /// The kind of its poolers, where they are objects beside the main one.
    const POOLERS: Option<Resource> = None;

    /// Kinds that may not be in that folder, as they are installed then.
    fn kinds() -> Vec<Value> {
        Vec::new()
    }

    /// The objects of its catalogs.
    fn catalog() -> Vec<Value> {
        Vec::new()
    }

    /// Whether a main object's server is restarted when this object beside it is carried out.
    fn restarts(_object: &Value) -> bool {
        false
    }

    /// What a main object tells the operator.
    fn told(main: &Value) -> Told;

    /// The status of a main object that was just changed, or that is as it was told.
    fn status(main: &Value, told: &Told, is_busy: bool) -> Value;

    /// The status of an object beside it.
    fn status_beside(object: &Value) -> Value;

    /// Parts of a spec, as YAML: one by which a main object is backed up, one that takes that away again.
    fn backs_up() -> (&'static str, &'static str) {
        ("", "")
    }

    /// The status of a backup that ended at that time as it was meant to, or failed for that reason.
    fn backup_status(_ended: &str, _failed: Option<&str>) -> Value {
        Value::Null
    }

    /// The Secrets that it makes, by their names, with the text of their keys.
    fn secrets(main: &Value) -> Vec<(String, Vec<(&'static str, String)>)>;

    /// What it makes beside Secrets, with their statuses, of what the dialect looks at.
    fn evidence(_: &Value, _: &Told) -> Vec<(Resource, Value)> {
        Vec::new()
    }

    /// A mode of TLS that is refused.
    const REFUSED: TlsMode;

    /// A name that an owner may have, and is hard where that goes.
    const OWNER: &'static str = "Büro";

    /// The name of the main object that a main object begins as a copy of, where there are these backups.
    fn copied(_main: &Value, _backups: &[Value]) -> Option<String> {
        None
    }

    /// The databases that it makes, each with its owner, and whether it gives them to those.
    fn gives(_main: &Value) -> Vec<(String, String, bool)> {
        Vec::new()
    }

    /// Brings a wish about.
    fn wish(object: &mut PostgreSQL, wish: Wish) {
        let spec = &mut object.spec;
        match wish {
            Wish::Stopped => spec.instance.state = Some(State::Stopped),
            Wish::Running => spec.instance.state = Some(State::Running),
            Wish::Restart => {
                object.metadata.annotations.insert(RESTARTED_AT.into(), "2026-01-01T00:00:00Z".into());
            }
            Wish::Harmless => Self::harmless(spec),
            Wish::Refused => spec.instance.tls = Some(Tls { mode: Some(Self::REFUSED), ..Tls::default() }),
            Wish::Accepted => spec.instance.tls = None,
        }
    }

    /// What nobody notices: another user.
    fn harmless(spec: &mut PostgreSQLSpec) {
        spec.users.push(User { name: "etl".into(), ..User::default() });
    }

    /// Merge patches of a main object: one of a field that is ours, one of fields that are not.
    fn edits() -> (Value, Value);

    /// Parts of a spec, as YAML: one that the cluster takes, one that it refuses.
    fn parameters() -> (&'static str, &'static str);

    /// Whether a main object has what is taken.
    fn has_parameters(main: &Value) -> bool;
}

/// What of an operator's definitions an object can do without.
#[derive(Clone, Copy)]
pub(in crate::backend) enum Dispensable {
    /// A kind beside the main one, by its full name.
    Kind(&'static str),
    /// What this takes out of the schema of the main object's spec.
    Part(fn(&mut Value)),
}

/// What a main object tells its operator.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::backend) struct Told {
    /// Nothing is to run.
    pub(in crate::backend) sleeps: bool,
    /// What takes a restart to be changed.
    pub(in crate::backend) runs_with: String,
}

/// The password that it makes for an owner.
pub(in crate::backend) fn password(owner: &str) -> String {
    format!("the operator's for {owner}")
}
