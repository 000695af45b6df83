//! Ending what a role still does with rights it had.
//!
//! A session keeps some rights it began with: who was a superuser then may take on any role. So taking something away
//! ends the role's sessions, and rolls back what it prepared, which nobody else could commit and which may hold the locks
//! that we need.

use super::error::Error;
use super::sql::{Access, Session, column, identifier, literal};
use std::time::Duration;
use tokio::time::Instant;

/// How long sessions may take to end.
const ENDING: Duration = Duration::from_secs(10);
/// How often a condition is looked at.
const POLL: Duration = Duration::from_millis(20);

/// Which sessions of a role.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Which {
    /// All of them.
    All,
    /// Those that could not be opened now.
    Expired,
    /// Those that came over TCP.
    Remote,
}

/// Ends the sessions of a role, and waits until they have ended.
pub(super) async fn end(session: &Session, role: &str, which: Which) -> Result<(), Error> {
    let condition = match which {
        Which::All => "true",
        Which::Expired => {
            "NOT r.rolcanlogin OR s.datid <> 0 AND NOT has_database_privilege(r.oid, s.datid, 'CONNECT')"
        }
        Which::Remote => "s.client_addr IS NOT NULL",
    };
    let query = format!(
        "SELECT count(pg_terminate_backend(s.pid))::text FROM pg_stat_activity s \
         JOIN pg_authid r ON r.oid = s.usesysid \
         WHERE r.rolname = {} AND s.pid <> pg_backend_pid() AND ({condition})",
        literal(role)
    );
    let what = format!("end the sessions of role {role}");
    let deadline = Instant::now() + ENDING;
    while session.text(&what, &query).await?.as_deref() != Some("0") {
        if Instant::now() > deadline {
            return Err(Error::Timeout(format!("the end of the sessions of role {role}")));
        }
        tokio::time::sleep(POLL).await;
    }
    Ok(())
}

/// Rolls back what a role prepared, each in the database where that was.
pub(super) async fn roll_back(session: &Session, access: &Access, role: &str) -> Result<(), Error> {
    let what = format!("roll back what role {role} prepared");
    let query = format!("SELECT gid, database FROM pg_prepared_xacts WHERE owner = {}", literal(role));
    for row in session.rows(&what, &query).await? {
        let (gid, database): (String, String) = (column(&row, "gid")?, column(&row, "database")?);
        tracing::warn!(role, gid, database, "rolling back what a role that loses rights had prepared");
        let there = access.connect(&database).await?;
        there.run(what.clone(), &format!("ROLLBACK PREPARED {}", literal(&gid))).await?;
    }
    Ok(())
}

/// Statements that take memberships away.
pub(super) fn revoke_all(memberships: &[&super::inventory::Membership], major: u32) -> String {
    let revoke = |membership: &&super::inventory::Membership| {
        let (role, member) = (identifier(&membership.role), identifier(&membership.member));
        // From version 16 on a membership is taken away as whom it was given by.
        let grantor = match major >= 16 && !membership.grantor.is_empty() {
            true => format!(" GRANTED BY {}", identifier(&membership.grantor)),
            false => String::new(),
        };
        format!("REVOKE {role} FROM {member}{grantor} CASCADE; ")
    };
    memberships.iter().map(revoke).collect()
}
