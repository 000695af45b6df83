//! Who may what: privileges on databases, and what becomes of who is listed no more.

use super::converge::{Work, clause};
use super::error::Error;
use super::found::{Found, Grant};
use super::wish::{Attributes, Role};
use crate::backend::postgresql::{identifier, literal};

impl Work<'_> {
    /// Roles that are listed no more cannot log in, and may do nothing that attributes give.
    pub(super) async fn shut_out(&self, found: &Found) -> Result<(), Error> {
        let takes_rights = self.names.are_alone();
        for (name, role) in
            found.our_roles().filter(|(_, role)| role.login || takes_rights && role.is_elevated())
        {
            if self.wish.roles.iter().any(|wanted| wanted.name == *name) {
                continue;
            }
            tracing::info!(role = name, login = role.login, "a role that is listed no more cannot log in");
            let nothing = Role {
                name: name.clone(),
                user: String::new(),
                login: false,
                attributes: takes_rights.then_some(Attributes::default()),
                databases: Vec::new(),
            };
            let statement =
                format!("ALTER ROLE {} WITH {} PASSWORD NULL", identifier(name), clause(&nothing, None));
            self.or_left(found, name, self.alter(name, &statement).await)?;
        }
        Ok(())
    }

    /// Users have what they are listed with; PUBLIC and users who are not listed have nothing.
    pub(super) async fn grants(&self, found: &Found) -> Result<(), Error> {
        let listed = |name: &str| self.wish.databases.iter().any(|database| database.name == name);
        for grant in found.grants.iter().filter(|grant| listed(&grant.database)) {
            let ours = found.roles.get(&grant.role).is_some_and(|role| role.ours);
            let whom = match &*grant.role {
                // Among the object's own, who owns a database says what everybody may there.
                "" if self.names.are_alone() => continue,
                "" => "PUBLIC".to_owned(),
                role if ours && !self.wish.uses(role, &grant.database) => identifier(role),
                _ => continue,
            };
            let statement =
                format!("REVOKE ALL ON DATABASE {} FROM {whom} CASCADE", identifier(&grant.database));
            self.session.run(format!("revoke database {}", grant.database), &statement).await?;
        }
        for role in &self.wish.roles {
            for database in role.databases.iter().filter(|name| found.databases.contains_key(*name)) {
                let has = |grant: &&Grant| grant.database == *database && grant.role == role.name;
                if found.grants.iter().find(has).is_some_and(|grant| grant.complete) {
                    continue;
                }
                let (on, to) = (identifier(database), identifier(&role.name));
                let statement = format!("GRANT ALL ON DATABASE {on} TO {to}");
                self.session.run(format!("grant database {database} to {}", role.name), &statement).await?;
            }
        }
        Ok(())
    }

    /// Sessions that could not be opened now end.
    pub(super) async fn end_sessions(&self, found: &Found) -> Result<(), Error> {
        let ours: Vec<String> = found.our_roles().map(|(name, _)| literal(name)).collect();
        let query = format!(
            "SELECT pg_terminate_backend(s.pid) FROM pg_stat_activity s JOIN pg_roles r ON r.oid = s.usesysid \
             WHERE r.rolname = ANY (ARRAY[{}]::name[]) AND s.pid <> pg_backend_pid() AND (NOT r.rolcanlogin \
             OR s.datid <> 0 AND NOT has_database_privilege(r.oid, s.datid, 'CONNECT'))",
            ours.join(", ")
        );
        self.session.look("end sessions of who may not connect", [query]).await.map(drop)
    }
}
