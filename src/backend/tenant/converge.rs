//! Makes what an object asks for be on the server. Every step may be the last one before we are stopped, and the next look goes
//! on from there.
//!
//! Nothing of ours runs in an object's databases but in sessions of their owner: whatever is in them reaches no further than its
//! own rights. A password is the one of the published Secret; where the server has another, it is given that one, and the
//! applications notice nothing.

use super::error::{Error, WRONG_PASSWORD, is_not_let_in};
use super::found::{Facts, Found};
use super::names::Names;
use super::server::Server;
use super::session::Session;
use super::wish::{ATTRIBUTES, Database, Role, SUPERUSER, Wish};
use crate::backend;
use crate::backend::postgresql::{Login, Secret, identifier, literal};
use std::collections::BTreeMap;

/// The longest password that is taken from a Secret.
const PASSWORD: usize = 1000;

/// How a role logs in: as itself, but where who keeps its password says otherwise.
#[derive(Debug)]
pub(in crate::backend) struct Access {
    pub(super) username: String,
    pub(super) password: Secret,
}

/// One object on its server.
pub(in crate::backend) struct Work<'a> {
    pub(in crate::backend) server: &'a Server,
    pub(in crate::backend) session: &'a Session,
    pub(in crate::backend) names: &'a Names,
    pub(in crate::backend) facts: &'a Facts,
    pub(in crate::backend) wish: &'a Wish,
    pub(in crate::backend) published: &'a [backend::Login],
}

impl Work<'_> {
    /// Roles, databases and privileges; how each role logs in.
    pub(in crate::backend) async fn converge(
        &self,
        found: &Found,
    ) -> Result<BTreeMap<String, Access>, Error> {
        self.check(found)?;
        join(self.session, found).await?;
        let accesses = self.roles(found).await?;
        for database in &self.wish.databases {
            match found.databases.get(&database.name) {
                None if self.names.are_given() => {}
                None => self.create(database).await?,
                Some(there) => {
                    let has_owner = !self.names.are_given() || found.roles.contains_key(&database.owner);
                    if there.owner != database.owner && has_owner {
                        self.give(database).await?;
                    }
                    if !there.open {
                        self.open(database).await?;
                    }
                }
            }
        }
        // What was just made has its grants, too.
        let found = Found::read(self.session, self.names, &self.wish.names()).await?;
        self.grants(&found).await?;
        self.end_sessions(&found).await?;
        self.is_given(&found, &accesses).map(|()| accesses)
    }

    /// What somebody else makes is awaited once all the rest is done.
    fn is_given(&self, found: &Found, accesses: &BTreeMap<String, Access>) -> Result<(), Error> {
        let databases = self.wish.databases.iter().filter(|_| self.names.are_given());
        for Database { name, owner, .. } in databases {
            if !found.databases.contains_key(name) {
                return Err(Error::Awaited(format!("the server has no database {name} yet")));
            }
            if !found.roles.contains_key(owner) || !accesses.contains_key(owner) {
                return Err(Error::Awaited(format!("role {owner} has no login yet")));
            }
        }
        Ok(())
    }

    /// What is in the way is told before anything is changed.
    fn check(&self, found: &Found) -> Result<(), Error> {
        let foreign = |what: &str, name: &str| {
            Err(Error::Wish(format!(
                "{what} {name} is on the server and was not made for this object: drop it, or choose another name"
            )))
        };
        for role in &self.wish.roles {
            let Some(there) = found.roles.get(&role.name).filter(|there| !there.ours) else { continue };
            if !self.names.are_alone() {
                return foreign("role", &role.name);
            }
            let [superuser, _, _, replication, _] = there.attributes;
            if (superuser || replication) && !Names::is_somebodys(&there.comment) {
                let why = match role.name == SUPERUSER {
                    true => {
                        "was made by somebody, and spec.superuserAccess gives it out: rename it on the server, or drop it"
                    }
                    false => "is the server's own, for its operator or its replicas: choose another name",
                };
                return Err(Error::Wish(format!("role {} {why}", role.name)));
            }
        }
        for database in &self.wish.databases {
            let Some(there) = found.databases.get(&database.name) else { continue };
            if !there.ours && !self.names.are_alone() {
                return foreign("database", &database.name);
            }
            if there.broken {
                return Err(Error::Missing(format!(
                    "a DROP DATABASE of {} was interrupted: drop it again, and it is made anew",
                    database.name
                )));
            }
            // What the superuser made may be given away.
            let may_be_given = self.names.are_alone() && there.owner == self.server.username;
            if there.owner != database.owner && !may_be_given {
                return Err(Error::Wish(format!(
                    "spec.databases[{}].owner cannot be changed here: put {} back, or have it changed on the server",
                    database.wanted, there.owner
                )));
            }
        }
        Ok(())
    }

    async fn roles(&self, found: &Found) -> Result<BTreeMap<String, Access>, Error> {
        let mut accesses = BTreeMap::new();
        for role in &self.wish.roles {
            let there = found.roles.get(&role.name);
            let published = self.published(role);
            let is_owner = self.wish.databases.iter().any(|database| database.owner == role.name);
            if self.names.are_given() && is_owner && (there.is_none() || published.is_none()) {
                continue;
            }
            let (access, published) = match published {
                Some(access) => (access, true),
                None => {
                    (Access { username: role.name.clone(), password: Login::generate()?.password }, false)
                }
            };
            let login = &access.password;
            let comment = self.names.made();
            match there {
                None => self.create_role(role, login).await?,
                Some(there)
                    if there.login != role.login
                        || there.comment != comment
                        || role.attributes.is_some_and(|wanted| wanted != there.attributes)
                        || !published && role.login =>
                {
                    let on = identifier(&role.name);
                    let statements = format!(
                        "ALTER ROLE {on} WITH {}; COMMENT ON ROLE {on} IS {}",
                        clause(role, (!published).then_some(login)),
                        literal(&comment)
                    );
                    let altered = self.alter(&role.name, &statements).await;
                    // A password that the server has not got opens nothing.
                    if self.or_left(found, &role.name, altered)?.is_none() && !published {
                        continue;
                    }
                }
                Some(_) => {}
            }
            if role.login {
                accesses.insert(role.name.clone(), access);
            }
        }
        self.shut_out(found).await.map(|()| accesses)
    }

    pub(super) async fn alter(&self, role: &str, statements: &str) -> Result<(), Error> {
        self.session.run(format!("alter role {role}"), statements).await
    }

    /// What was done with a role; none where it is out of reach, as it may more than it was given: that is told
    /// ([`Found::elevated`]), and keeps nothing of the others.
    pub(super) fn or_left<T>(
        &self,
        found: &Found,
        role: &str,
        done: Result<T, Error>,
    ) -> Result<Option<T>, Error> {
        let is_elevated = || found.roles.get(role).is_some_and(|there| there.ours && there.is_elevated());
        match done {
            Err(error) if error.is_no_right() && !self.names.are_alone() && is_elevated() => {
                tracing::warn!(role, %error, "a role is left as it is");
                Ok(None)
            }
            other => other.map(Some),
        }
    }

    /// A role with its comment, all or nothing; who manages it without being a superuser has to be a member.
    async fn create_role(&self, role: &Role, password: &Secret) -> Result<(), Error> {
        let on = identifier(&role.name);
        let member =
            if self.facts.superuser { String::new() } else { format!("; GRANT {on} TO CURRENT_USER") };
        let statements = format!(
            "CREATE ROLE {on} WITH {}; COMMENT ON ROLE {on} IS {}{member}",
            clause(role, Some(password)),
            literal(&self.names.made())
        );
        self.session.run(format!("create role {}", role.name), &statements).await
    }

    /// What a Secret has for a role.
    fn published(&self, role: &Role) -> Option<Access> {
        // Who keeps its password may have another role log in for it.
        let is_its = |login: &&backend::Login| match self.names.are_given() {
            true => login.user() == role.user,
            false => login.username == role.name,
        };
        let found = self.published.iter().find(is_its)?;
        let length = 1..=PASSWORD;
        let usable = length.contains(&found.password.len()) && !found.password.contains('\0');
        let password = usable.then(|| Secret::new(found.password.clone()))?;
        Some(Access { username: found.username.clone(), password })
    }

    /// Whose the superuser's is becomes its owner's.
    async fn give(&self, database: &Database) -> Result<(), Error> {
        let (on, to) = (identifier(&database.name), identifier(&database.owner));
        let statement = format!("ALTER DATABASE {on} OWNER TO {to}");
        self.session.run(format!("give database {} to its owner", database.name), &statement).await
    }

    /// Nobody connects to it before it is closed to everybody else.
    async fn create(&self, database: &Database) -> Result<(), Error> {
        let statement = format!(
            "CREATE DATABASE {} OWNER {} TEMPLATE template0 ENCODING 'UTF8' ALLOW_CONNECTIONS false",
            identifier(&database.name),
            identifier(&database.owner)
        );
        self.session.run(format!("create database {}", database.name), &statement).await?;
        self.open(database).await
    }

    async fn open(&self, database: &Database) -> Result<(), Error> {
        let on = identifier(&database.name);
        let statements = format!(
            "REVOKE ALL ON DATABASE {on} FROM PUBLIC; COMMENT ON DATABASE {on} IS {}; \
             ALTER DATABASE {on} WITH ALLOW_CONNECTIONS true CONNECTION LIMIT -1",
            literal(&self.names.made())
        );
        self.session.run(format!("open database {}", database.name), &statements).await
    }

    /// Logs in as every role, which gets the password of its Secret where it has another one; the session of each.
    pub(super) async fn log_in(&self, role: &Role, access: &Access) -> Result<Session, Error> {
        let database = role.databases.first().unwrap_or(&self.server.database);
        let Access { username, password } = access;
        let connected = match self.server.connect_as(username, password, database).await {
            Err(answer) if answer.code == WRONG_PASSWORD => {
                tracing::info!(role = username, "a role gets the password of its Secret again");
                let statement =
                    format!("ALTER ROLE {} WITH {}", identifier(username), clause(role, Some(password)));
                self.alter(username, &statement).await?;
                self.server.connect_as(username, password, database).await
            }
            other => other,
        };
        connected.map_err(|answer| match is_not_let_in(&answer) {
            true => {
                Error::Shut { role: role.name.clone(), database: database.clone(), message: answer.message }
            }
            false => Error::Unreachable { place: self.server.place(), message: answer.message },
        })
    }
}

/// Whoever manages roles now is a member of them, also where another login made them.
pub(super) async fn join(session: &Session, found: &Found) -> Result<(), Error> {
    for (name, _) in found.our_roles().filter(|(_, role)| !role.joined) {
        let statement = format!("GRANT {} TO CURRENT_USER", identifier(name));
        session.run(format!("become a member of role {name}"), &statement).await?;
    }
    Ok(())
}

/// What `CREATE ROLE` and `ALTER ROLE` say of a role. The server is given the verifier, never the password.
pub(super) fn clause(role: &Role, password: Option<&Secret>) -> String {
    let mut clause = if role.login { "LOGIN" } else { "NOLOGIN" }.to_owned();
    for (may, (_, word)) in role.attributes.into_iter().flatten().zip(ATTRIBUTES) {
        clause += if may { " " } else { " NO" };
        clause += word;
    }
    if let Some(password) = password.filter(|_| role.login) {
        clause += &format!(" PASSWORD {}", literal(Login::of(password.clone()).verifier.expose()));
    }
    clause
}
