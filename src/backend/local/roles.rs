//! Roles: the manager's own, owners and users with their passwords and attributes, and those that are listed no more.
//!
//! What a role may do is compared whole. Where something is taken away, the role first loses its login and its rights,
//! then its sessions end, and only then it gets what it is listed with: whatever step we are stopped after, the next look
//! at it takes up there. A role that we never made is left alone.

use super::config::REPLICATION_ROLE;
use super::databases;
use super::error::Error;
use super::instance::Instance;
use super::inventory::{Inventory, Membership};
use super::rights::Rights;
use super::sessions::{self, Which};
use super::sql::{Access, MANAGER, SUPERUSER, Session, identifier, literal};
use super::state::State;
use crate::backend::postgresql::Login;
use std::collections::BTreeSet;

/// How roles are changed, and whether anything was.
pub(super) struct Roles<'a> {
    pub(super) session: &'a Session,
    pub(super) access: &'a Access,
    pub(super) found: &'a Inventory,
    pub(super) changed: bool,
}

impl Roles<'_> {
    /// Makes every role be what is wanted of it.
    pub(super) async fn converge(&mut self, state: &State) -> Result<(), Error> {
        self.converge_superuser(&state.superuser).await?;
        if let Some(manager) = &state.manager {
            self.apply(MANAGER, manager, Rights::ALL).await?;
        }
        for role in &state.retired {
            self.retire(role).await?;
        }
        if state.desired.instances > 1 {
            self.apply(REPLICATION_ROLE, &state.replication, Rights::STANDBY).await?;
        }
        let owners: BTreeSet<&String> =
            state.desired.databases.iter().map(|database| &database.owner).collect();
        let owners = owners.into_iter().map(|owner| (owner, Rights::OWNER));
        let users = state.desired.users.iter().map(|user| (&user.name, Rights::of(user)));
        for (role, wanted) in owners.chain(users) {
            if let Some(login) = state.logins.get(role) {
                self.apply(role, login, wanted).await?;
            }
        }
        Ok(())
    }

    /// The superuser that the data directory was made with has its name, its rights and its password.
    async fn converge_superuser(&mut self, login: &Login) -> Result<(), Error> {
        if let Some(name) = self.found.superuser()
            && name != SUPERUSER
        {
            if self.found.roles.contains_key(SUPERUSER) {
                let message =
                    format!("role {SUPERUSER} is not the one PostgreSQL was made with, which is {name}");
                return Err(Error::Refused { what: "manage roles".to_owned(), message });
            }
            let statement = format!("ALTER ROLE {} RENAME TO {SUPERUSER}", identifier(name));
            self.run(format!("rename role {name}"), &statement).await?;
            // What was found of it stood under the other name.
            return self.set(SUPERUSER, "ALTER", login, Rights::ALL).await;
        }
        self.apply(SUPERUSER, login, Rights::ALL).await
    }

    /// Creates or alters one role, unless it is as wanted already.
    async fn apply(&mut self, name: &str, login: &Login, wanted: Rights) -> Result<(), Error> {
        let Some(role) = self.found.roles.get(name) else {
            return self.set(name, "CREATE", login, wanted).await;
        };
        let excess = self.found.excessive(name, wanted);
        let takes = role.rights.exceeds(wanted) || !excess.is_empty();
        let same = role.rights == wanted && role.unlimited && role.verifier == login.verifier;
        if same && !takes {
            return Ok(());
        }
        if takes {
            self.take_down(name, &excess, "").await?;
        }
        if takes || !role.rights.login() {
            sessions::end(self.session, name, Which::All).await?;
        }
        self.set(name, "ALTER", login, wanted).await
    }

    /// Gives a role what is wanted of it. PostgreSQL is given the verifier, never the password.
    async fn set(&mut self, name: &str, verb: &str, login: &Login, wanted: Rights) -> Result<(), Error> {
        let statement = format!(
            "{verb} ROLE {} WITH {} INHERIT CONNECTION LIMIT -1 VALID UNTIL 'infinity' PASSWORD {}",
            identifier(name),
            wanted.clause(),
            literal(login.verifier.expose())
        );
        self.run(format!("{} role {name}", verb.to_lowercase()), &statement).await
    }

    /// Leaves a role nothing it could do, now or later.
    async fn retire(&mut self, name: &str) -> Result<(), Error> {
        let Some(role) = self.found.roles.get(name) else { return Ok(()) };
        let memberships = self.found.memberships_of(name);
        if role.rights == Rights::NONE && role.verifier.expose().is_empty() && memberships.is_empty() {
            return Ok(());
        }
        self.take_down(name, &memberships, " PASSWORD NULL").await?;
        sessions::end(self.session, name, Which::All).await
    }

    /// Takes rights, login and memberships away in one step, after what the role prepared is rolled back.
    async fn take_down(&mut self, name: &str, memberships: &[&Membership], and: &str) -> Result<(), Error> {
        tracing::info!(role = name, "taking rights away");
        sessions::roll_back(self.session, self.access, name).await?;
        let revoke = sessions::revoke_all(memberships, self.access.major);
        let statements =
            format!("ALTER ROLE {} WITH {}{and}; {revoke}", identifier(name), Rights::NONE.clause());
        self.run(format!("take rights from role {name}"), &statements).await
    }

    async fn run(&mut self, what: String, statements: &str) -> Result<(), Error> {
        self.changed = true;
        self.session.run(what, statements).await
    }
}

impl Instance<'_> {
    /// Makes roles, databases and privileges be what is listed, and ends sessions that could not be opened now. Nothing
    /// is asked twice while nothing is changed.
    pub(super) async fn converge_rights(&mut self, session: &Session, access: &Access) -> Result<(), Error> {
        let withdrawn = !self.state.desired.superuser_access;
        if self.state.superuser_shared && withdrawn {
            self.state.superuser = Login::generate()?;
            self.state.superuser_shared = false;
            self.save()?;
        }
        let mut found = Inventory::read(session).await?;
        let mut roles = Roles { session, access, found: &found, changed: false };
        roles.converge(&self.state).await?;
        if roles.changed {
            found = Inventory::read(session).await?;
        }
        if databases::converge(session, access, &mut self.state, &found).await? {
            found = Inventory::read(session).await?;
        }
        self.save()?;
        if databases::converge_grants(session, &self.state, &found).await? {
            found = Inventory::read(session).await?;
        }
        let ours = self.state.logins.keys().chain(&self.state.retired);
        for role in ours.filter(|role| found.expired.contains(*role)) {
            sessions::end(session, role, Which::Expired).await?;
        }
        if found.superuser_connected && withdrawn {
            sessions::end(session, SUPERUSER, Which::Remote).await?;
        }
        Ok(())
    }
}
