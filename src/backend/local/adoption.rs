//! Data that a removal kept is taken up by another uid, which shows the login that the data was bound by: nobody else has that
//! password.
//!
//! A folder changes hands in one step, by its name; what its state says of that is written after it. A state of kept data in
//! the folder of another uid is what a stop between the two leaves: it is read as data of that uid, so that the next look goes
//! on there and nobody else takes it.

use super::desired::Desired;
use super::error::Error;
use super::instance::halt;
use super::layout::InstanceFolder;
use super::server::ShutdownMode;
use super::state::State;
use super::{LocalPostgres, process, validation, wish};
use crate::backend::postgresql::Secret;
use std::sync::PoisonError;

/// What opens kept data.
#[derive(Debug, Clone)]
pub struct Key {
    /// How a person calls it, such as `Secret demo/wiki-binding`.
    pub title: String,
    /// The owner of the first database.
    pub username: String,
    /// Its password.
    pub password: Secret,
    /// What the Secret says of itself, such as whose it was: no more than a hint where the data cannot say whose it is.
    pub told: Secret,
}

impl LocalPostgres {
    /// Whether there is data of a uid.
    pub fn has(&self, uid: &str) -> bool {
        validation::check_uid(uid).is_ok() && self.host.layout.instance(uid).state().exists()
    }

    /// Gives kept data to the uid of `desired`, unless that has data already. It is of the same namespace, opened by `key`, and
    /// stays as it is where `desired` would be refused with it.
    pub async fn adopt(&self, desired: &Desired, key: &Key) -> Result<(), Error> {
        validation::check_uid(&desired.uid)?;
        let turn = self.turn(&desired.uid);
        let _turn = turn.lock().await;
        if self.has(&desired.uid) {
            return Ok(());
        }
        let uid = self.opened_by(&desired.namespace, key)?;
        let turn = self.turn(&uid);
        let _other_turn = turn.lock().await;
        let folder = self.host.layout.instance(&uid);
        let state = State::read(&folder.state())?;
        check(desired, key, &state)?;
        wish::judge(&self.host, desired, &folder, Some(&state)).await?;
        self.supervisor.forget(&uid);
        self.quiet(&folder, state.ports.len()).await?;
        self.host.layout.hand_over(&uid, &desired.uid)?;
        self.turns.lock().unwrap_or_else(PoisonError::into_inner).remove(&uid);
        tracing::info!(from = uid, to = desired.uid, "data that was kept is taken up");
        let folder = self.host.layout.instance(&desired.uid);
        let mut state = State::read(&folder.state())?;
        self.host.hold_ports(&folder, &state);
        if state.desired.name != desired.name {
            // It is issued to a name.
            state.certificate = None;
        }
        state.desired.name.clone_from(&desired.name);
        state.write(&folder.state(), &self.host.account)
    }

    /// The uid of the data that a key opens; where some of it is kept, of that.
    fn opened_by(&self, namespace: &str, key: &Key) -> Result<String, Error> {
        let (mut found, mut damaged) = (None, Vec::new());
        for uid in self.host.layout.folders()? {
            match State::read(&self.host.layout.instance(&uid).state()) {
                Ok(state) if state.desired.namespace == namespace && opens(key, &state) => {
                    if state.retained {
                        return Ok(uid);
                    }
                    found = Some(uid);
                }
                Ok(_) => {}
                Err(error) if error.is_damage() => damaged.push(uid),
                Err(error) => tracing::warn!(uid, %error, "whether it is kept data cannot be seen"),
            }
        }
        found.ok_or_else(|| self.unopened(key, &damaged))
    }

    /// That a key opens nothing. What is damaged may be what it is for, which nobody but the Secret can say.
    fn unopened(&self, Key { title, told, .. }: &Key, damaged: &[String]) -> Error {
        let nothing = format!(
            "{title} opens no data that was kept on this machine: name the binding Secret of a database of this namespace that was \
             deleted with deletionPolicy Retain"
        );
        let listed = "`databases-apiserver retained` lists it there as Damaged and says why";
        let message = match damaged.iter().find(|uid| told.expose().contains(uid.as_str())) {
            Some(uid) => {
                let state = self.host.layout.instance(uid).state();
                let lack = match state.exists() {
                    true => "does not say whose it is and what opens it",
                    false => "is missing, which says whose it is and what opens it",
                };
                format!(
                    "{title} says that it is of the data of the uid {uid}, which is on this machine and damaged: {} {lack}; put that \
                     file back from a copy, and the data is taken up; {listed}, and deletes it by --delete",
                    state.display()
                )
            }
            None if damaged.is_empty() => nothing,
            None => format!(
                "{nothing}; other data there is damaged, and does not say whether it is what is meant: {listed}, and once its state \
                 is put back from a copy it can be taken up"
            ),
        };
        Error::NotAdopted { reason: "BackendRejected", message }
    }

    /// Who took up the data that a uid had, as what is wrong with that.
    pub(super) fn taken_up(&self, former: &str) -> Option<Error> {
        let layout = &self.host.layout;
        if layout.instance(former).path.exists() {
            return None;
        }
        layout.uids().ok()?.into_iter().find_map(|uid| {
            let folder = layout.instance(&uid);
            let state = State::read(&folder.state()).ok()?;
            let has_it = state.former.iter().any(|known| known == former);
            let State { desired: Desired { namespace, name, .. }, retained, .. } = state;
            has_it.then_some(Error::TakenUp { uid, namespace, name, path: folder.path, is_kept: retained })
        })
    }

    /// Nothing runs in a folder, and nothing is left that names it.
    async fn quiet(&self, folder: &InstanceFolder, servers: usize) -> Result<(), Error> {
        halt(folder, servers, ShutdownMode::Fast).await?;
        for server in folder.servers(servers) {
            process::clear(&server.data(), self.host.layout.sockets()).await?;
        }
        Ok(())
    }
}

fn opens(key: &Key, state: &State) -> bool {
    let bound = state.desired.databases.first().map(|database| &database.owner);
    bound == Some(&key.username)
        && state.logins.get(&key.username).is_some_and(|login| login.password == key.password)
}

/// Refuses what another object has, and a wish that leaves out what the applications of the data know.
fn check(desired: &Desired, Key { title, .. }: &Key, state: &State) -> Result<(), Error> {
    let kept = &state.desired;
    let refuse = |reason, message| Err(Error::NotAdopted { reason, message });
    if !state.retained {
        let message = format!(
            "{title} opens the data of PostgreSQL {}/{}, which is there: delete that with deletionPolicy Retain first",
            kept.namespace, kept.name
        );
        return refuse("Conflict", message);
    }
    let (wanted, major) = (&desired.version, state.major.to_string());
    if !wanted.is_empty() && wanted.split('.').next() != Some(&major) {
        let message = format!(
            "the data that {title} opens was written by PostgreSQL {major}, and spec.version is {wanted}: delete this object, \
             and make it again with spec.version {major} or without one"
        );
        return refuse("UnsupportedVersion", message);
    }
    let listed = |name: &String| desired.databases.iter().any(|database| database.name == *name);
    if let Some(bound) = kept.databases.first().filter(|bound| !listed(&bound.name)) {
        let message = format!(
            "the data that {title} opens has the database {} of {}, which spec.databases does not list: list it, and take it \
             off later if it is not needed",
            bound.name, bound.owner
        );
        return refuse("BackendRejected", message);
    }
    Ok(())
}
