//! Extensions of databases, made as the database's owner: PostgreSQL says what he may have there. One that he may not is for
//! the server's administrator to install, and is then taken as it is.

use super::error::Error;
use super::session::Session;
use super::wish::Database;
use crate::backend::postgresql::extension::{EXTENSIONS, Wanted, statements};
use crate::backend::postgresql::{cell, identifier, is_of_the_moment};
use std::collections::BTreeMap;

/// A file is not there: what pgextwlist, which looks before PostgreSQL does, says of an extension that is not installed.
const NO_FILE: &str = "58P01";

/// Installs what is listed, over a session of the owner. One that is refused keeps no other from being made.
pub(super) async fn converge(session: &Session, database: &Database) -> Result<(), Error> {
    let mut refused = Ok(());
    for extension in &database.extensions {
        let found = read(session).await?;
        let current = found.get(&extension.name).map(|(version, schema)| (version.as_str(), schema.as_str()));
        let (schema, version) = (some(&extension.schema), some(&extension.version));
        let prepare = match schema {
            Some(schema) if schema != "public" && !schema.starts_with("pg_") => {
                format!("CREATE SCHEMA IF NOT EXISTS {}; ", identifier(schema))
            }
            _ => String::new(),
        };
        let prepare = if current.is_some_and(|(_, place)| Some(place) == schema) { "" } else { &prepare };
        let wanted = Wanted { name: &extension.name, version, schema };
        for (verb, statement) in statements(&wanted, current, prepare) {
            let what = format!("{verb} extension {} in database {}", extension.name, database.name);
            match session.run(what, &statement).await {
                Err(error) if is_refusal(&error) => {
                    refused = refused.and(Err(Error::Wish(error.to_string())));
                    break;
                }
                other => other?,
            }
        }
    }
    refused
}

fn some(text: &str) -> Option<&str> {
    Some(text).filter(|text| !text.is_empty())
}

async fn read(session: &Session) -> Result<BTreeMap<String, (String, String)>, Error> {
    let [rows] = session.look("read extensions", [EXTENSIONS.to_owned()]).await?;
    Ok(rows.iter().map(|row| (cell(row, 0), (cell(row, 1), cell(row, 2)))).collect())
}

fn is_refusal(error: &Error) -> bool {
    let Error::Sql { answer, .. } = error else { return false };
    answer.code == NO_FILE || !answer.code.is_empty() && !is_of_the_moment(&answer.code)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::postgresql::Answer;

    #[test]
    fn an_extension_that_is_not_there_is_refused_whoever_looks_for_it() {
        for (code, refused) in
            [("0A000", true), (NO_FILE, true), ("58030", false), ("53100", false), ("", false)]
        {
            let answer = Answer { code: code.into(), message: String::new() };
            let error = Error::Sql { what: "create extension".into(), answer };
            assert_eq!(is_refusal(&error), refused, "{code}");
        }
        assert!(!is_refusal(&Error::Missing(String::new())));
    }
}
