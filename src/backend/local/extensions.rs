//! Extensions of databases: installed, in the listed version and schema. Leaving out an entry drops none.

use super::desired::{Database, Desired, Extension};
use super::error::Error;
use super::sql::{Access, MANAGER, SUPERUSER, Session, cell, flag, identifier};
use crate::backend::postgresql::extension::{EXTENSIONS, Wanted, statements};
use std::collections::BTreeMap;

/// Schemas, their owners, and whether an extension made them.
const SCHEMAS: &str = "SELECT n.nspname, pg_get_userbyid(n.nspowner), EXISTS (SELECT FROM pg_depend d \
     WHERE d.classid = 'pg_namespace'::regclass AND d.objid = n.oid AND d.deptype = 'e') FROM pg_namespace n";

/// What one database has.
struct Found {
    /// The version and the schema of each extension.
    extensions: BTreeMap<String, (String, String)>,
    /// The owner of each schema; none where an extension made it.
    schemas: BTreeMap<String, Option<String>>,
}

/// Makes every database have what is listed. One that PostgreSQL refuses keeps no other from being made; the first such
/// refusal is the answer.
pub(super) async fn converge(access: &Access, desired: &Desired) -> Result<(), Error> {
    let mut refused = Ok(());
    for database in desired.databases.iter().filter(|database| !database.extensions.is_empty()) {
        let session = access.connect_to_change(&database.name).await?;
        for extension in &database.extensions {
            let found = Found::read(&session).await?;
            match found.converge(&session, database, extension).await.map_err(Error::into_refusal) {
                Err(error) if error.is_permanent() => refused = refused.and(Err(error)),
                other => other?,
            }
        }
    }
    refused
}

impl Found {
    async fn read(session: &Session) -> Result<Self, Error> {
        let [extensions, schemas] = session.look("read extensions", [EXTENSIONS, SCHEMAS]).await?;
        let schemas = schemas.iter().map(|row| (cell(row, 0), (!flag(row, 2)).then(|| cell(row, 1))));
        let extensions = extensions.iter().map(|row| (cell(row, 0), (cell(row, 1), cell(row, 2))));
        Ok(Self { extensions: extensions.collect(), schemas: schemas.collect() })
    }

    async fn converge(
        &self,
        session: &Session,
        database: &Database,
        extension: &Extension,
    ) -> Result<(), Error> {
        let Extension { name, version, schema } = extension;
        let prepare = schema.as_deref().and_then(|schema| self.prepare(schema, &database.owner));
        let current = self.extensions.get(name).map(|(version, schema)| (version.as_str(), schema.as_str()));
        let wanted = Wanted { name, version: version.as_deref(), schema: schema.as_deref() };
        for (verb, statement) in statements(&wanted, current, &prepare.unwrap_or_default()) {
            let what = format!("{verb} extension {name} in database {}", database.name);
            session.run(what, &statement).await?;
        }
        Ok(())
    }

    /// What makes a schema for an extension, or gives one that we made to the database's owner.
    fn prepare(&self, schema: &str, owner: &str) -> Option<String> {
        let (quoted, owner) = (identifier(schema), identifier(owner));
        let Some(found) = self.schemas.get(schema) else {
            return Some(format!("CREATE SCHEMA {quoted} AUTHORIZATION {owner}; "));
        };
        let of_postgresql = schema.starts_with("pg_") || schema == "information_schema" || schema == "public";
        let ours = found.as_ref().is_some_and(|found| found == MANAGER || found == SUPERUSER);
        (ours && !of_postgresql).then(|| format!("ALTER SCHEMA {quoted} OWNER TO {owner}; "))
    }
}
