//! One look at one object: what is there, what is to be done, and what became of it.

use super::converge::{Access, Work};
use super::error::Error;
use super::extensions;
use super::found::{Facts, Found};
use super::names::Names;
use super::server::Server;
use super::session::Session;
use super::wish::{self, Role, Wish};
use crate::backend::postgresql::was_made;
use crate::backend::{Login, Refusal};
use databases_api::postgresql::PostgreSQL;

/// What an object has on its server after a look.
pub(in crate::backend) struct Inside {
    /// The server.
    pub(in crate::backend) facts: Facts,
    /// What is there of the object.
    pub(in crate::backend) found: Found,
    /// The logins of its roles.
    pub(in crate::backend) logins: Vec<Login>,
    /// What of it is refused, where all the rest of this tells of what was accepted before.
    pub(in crate::backend) refused: Option<Refusal>,
}

/// Makes what an object asks for be on its server. `published` are the logins as the Secrets have them.
pub(in crate::backend) async fn ensure(
    object: &PostgreSQL,
    names: &Names,
    server: &Server,
    published: &[Login],
) -> Result<Inside, Error> {
    let session = server.connect().await?;
    let facts = Facts::read(&session, server).await?;
    // What a call before this one left running is waited for.
    let lock = format!("SELECT pg_advisory_lock({})", names.number());
    session.look("wait for an earlier look at this object", [lock]).await?;
    let candidates = wish::candidates(object, names);
    let candidates: Vec<&str> = candidates.iter().map(String::as_str).collect();
    let found = Found::read(&session, names, &candidates).await?;
    // What somebody else made carries no mark of ours before the first look.
    let is_given = names.are_given() && !found.databases.is_empty();
    if found.is_nothing() && !is_given {
        is_new(object, names, server, &facts)?;
    }
    let done = match wish::check(object, names) {
        Ok(()) => {
            let wish = Wish::of(object, names, &found);
            let work = Work { server, session: &session, names, facts: &facts, wish: &wish, published };
            bring(&work, &found).await
        }
        Err(refused) => Err(refused),
    };
    let (logins, refused) = match done {
        Ok(done) => done,
        // What was accepted before goes on as it is.
        Err(refused) if refused.refusal().is_some() && !found.is_nothing() => {
            (published.to_vec(), refused.refusal())
        }
        Err(error) => return Err(error),
    };
    let found = Found::read(&session, names, &[]).await?;
    Ok(Inside { facts, found, logins, refused })
}

/// What is on its server of an object.
pub(in crate::backend) async fn look(names: &Names, server: &Server) -> Result<(Facts, Found), Error> {
    let session = server.connect().await?;
    let facts = Facts::read(&session, server).await?;
    let found = Found::read(&session, names, &[]).await?;
    Ok((facts, found))
}

/// Everything of a wish; the logins, and what of it is refused where all the rest is done.
async fn bring(work: &Work<'_>, found: &Found) -> Result<(Vec<Login>, Option<Refusal>), Error> {
    let accesses = work.converge(found).await?;
    let (mut logins, mut refused) = (Vec::new(), None);
    for (index, role) in work.wish.roles.iter().enumerate() {
        let Some(access) = accesses.get(&role.name) else {
            // Applications are bound by the first login, and by no other in its place.
            match found.elevated().filter(|_| index == 0 && !work.names.are_alone()) {
                Some(elevated) => return Err(Error::Rights(elevated)),
                None => continue,
            }
        };
        if let Some(session) = work.or_left(found, &role.name, work.log_in(role, access).await)? {
            refused = refused.or(extensions_of(work, role, access, session).await?);
        }
        logins.push(Login {
            username: access.username.clone(),
            password: access.password.expose().to_owned(),
            database: role.databases.first().unwrap_or(&work.server.database).clone(),
            user: role.user.clone(),
        });
    }
    Ok((logins, refused))
}

/// The extensions of a role's databases, over its sessions.
async fn extensions_of(
    work: &Work<'_>,
    role: &Role,
    access: &Access,
    first: Session,
) -> Result<Option<Refusal>, Error> {
    let mut refused = None;
    let owned = work.wish.databases.iter().filter(|database| database.owner == role.name);
    for database in owned.filter(|database| !database.extensions.is_empty()) {
        let in_it = Role {
            databases: vec![database.name.clone()],
            user: String::new(),
            name: role.name.clone(),
            ..*role
        };
        let other;
        let session = match role.databases.first() == Some(&database.name) {
            true => &first,
            false => {
                other = work.log_in(&in_it, access).await?;
                &other
            }
        };
        match extensions::converge(session, database).await {
            Err(error) if error.refusal().is_some() => refused = refused.or(error.refusal()),
            other => other?,
        }
    }
    Ok(refused)
}

/// Nothing is made anew of what was there once; and a server of another version is not what was asked for.
fn is_new(object: &PostgreSQL, names: &Names, server: &Server, facts: &Facts) -> Result<(), Error> {
    let place = server.place();
    if was_made(object) {
        return Err(Error::Missing(format!(
            "the databases of this object are not on PostgreSQL at {place} any more: put them back, or let {} name the \
             server that has them; no empty ones are made in their place",
            server.secret
        )));
    }
    // A server of its own is made in the version that the object says, by whoever makes it.
    if names.are_alone() {
        return Ok(());
    }
    let wanted = &object.spec.instance.version;
    let major = wanted.split('.').next().unwrap_or_default();
    if !major.is_empty() && major != facts.major.to_string() {
        return Err(Error::Wish(format!(
            "spec.version is {wanted}, and PostgreSQL at {place} is of version {}: leave it out, or name that",
            facts.version
        )));
    }
    Ok(())
}
