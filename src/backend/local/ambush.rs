//! What others left in a database that would act when the manager changes something there.
//!
//! Whoever was a superuser once may have left an event trigger, which runs in the session of whoever it fires for, or
//! privileges on whatever the manager makes from then on. Before the manager changes something in a database, event
//! triggers are disabled unless they, and their functions, are of roles that are superusers now; and what its own role gives
//! away by default is taken back. From version 17 on sessions of the manager fire no event triggers at all.

use super::error::Error;
use super::sql::{Access, MANAGER, Session, column, literal};

/// Of who is no superuser: the trigger, or what it runs.
const TRIGGERS: &str = "SELECT format('ALTER EVENT TRIGGER %I DISABLE', t.evtname) AS statement \
     FROM pg_event_trigger t JOIN pg_authid o ON o.oid = t.evtowner JOIN pg_proc p ON p.oid = t.evtfoid \
     JOIN pg_authid f ON f.oid = p.proowner WHERE t.evtenabled <> 'D' AND NOT (o.rolsuper AND f.rolsuper)";
/// What a role gives away by default, but for what PostgreSQL gives to everybody; the role's name is added.
const PRIVILEGES: &str = "SELECT format('ALTER DEFAULT PRIVILEGES FOR ROLE %I%s REVOKE ALL ON %s FROM %s', r.rolname, \
     CASE WHEN n.oid IS NULL THEN '' ELSE format(' IN SCHEMA %I', n.nspname) END, \
     CASE d.defaclobjtype WHEN 'r' THEN 'TABLES' WHEN 'S' THEN 'SEQUENCES' WHEN 'f' THEN 'FUNCTIONS' \
     WHEN 'T' THEN 'TYPES' ELSE 'SCHEMAS' END, \
     CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(g.rolname) END) AS statement \
     FROM pg_default_acl d JOIN pg_authid r ON r.oid = d.defaclrole \
     LEFT JOIN pg_namespace n ON n.oid = d.defaclnamespace CROSS JOIN aclexplode(d.defaclacl) a \
     LEFT JOIN pg_authid g ON g.oid = a.grantee WHERE a.grantee <> r.oid \
     AND (a.grantee <> 0 OR n.oid IS NOT NULL OR d.defaclobjtype NOT IN ('f', 'T')) AND r.rolname = ";

impl Access {
    /// Connects to a database to change something in it.
    pub(super) async fn connect_to_change(&self, database: &str) -> Result<Session, Error> {
        let session = self.connect(database).await?;
        // Changing event triggers fires none; changing privileges does.
        for query in [TRIGGERS.to_owned(), format!("{PRIVILEGES}{} GROUP BY 1", literal(MANAGER))] {
            for row in session.rows("look for what was left behind", &query).await? {
                let statement: String = column(&row, "statement")?;
                tracing::warn!(database, statement, "what was left behind is put out of action");
                session.run("put out of action what was left behind", &statement).await?;
            }
        }
        Ok(session)
    }
}
