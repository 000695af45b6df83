//! What a server is, who manages it, and what is on it of one object. Nothing here changes anything.

use super::error::Error;
use super::names::Names;
use super::server::Server;
use super::session::Session;
use super::wish::{ATTRIBUTES, Attributes, SUPERUSER};
use crate::backend::postgresql::{cell, flag, identifier, literal};
use std::collections::BTreeMap;

/// The oldest version: before it, a database that is used cannot be dropped.
const OLDEST: u32 = 13;
const RIGHTS: &str = "SELECT rolsuper, rolsuper OR rolcreaterole, rolsuper OR rolcreatedb, pg_is_in_recovery(), \
     split_part(current_setting('server_version'), ' ', 1), \
     current_setting('server_version_num')::int / 10000 FROM pg_roles WHERE rolname = current_user";

/// A server as it is.
pub(in crate::backend) struct Facts {
    pub(in crate::backend) version: String,
    pub(in crate::backend) major: u32,
    pub(super) superuser: bool,
}

impl Facts {
    /// Looks whether databases can be made there, and says what is in the way.
    pub(in crate::backend) async fn read(session: &Session, server: &Server) -> Result<Self, Error> {
        let [rows] = session.look("read the rights of the login", [RIGHTS.to_owned()]).await?;
        let row = rows.first().ok_or_else(|| Error::Rights("the login has no role".into()))?;
        let (place, username) = (server.place(), &server.username);
        for (index, right) in [(1, "CREATEROLE"), (2, "CREATEDB")] {
            if !flag(row, index) {
                return Err(Error::Rights(format!(
                    "role {username} of PostgreSQL at {place} lacks {right}: give it that right (ALTER ROLE {username} {right})"
                )));
            }
        }
        let (version, major) = (cell(row, 4), cell(row, 5).parse().unwrap_or_default());
        if major < OLDEST {
            return Err(Error::Rights(format!(
                "PostgreSQL at {place} is of version {version}: {OLDEST} or newer is needed"
            )));
        }
        if flag(row, 3) {
            let message = format!("it is a standby: let {} name the primary", server.secret);
            return Err(Error::Unreachable { place, message });
        }
        Ok(Facts { version, major, superuser: flag(row, 0) })
    }
}

/// A role of the names that are wanted, or of this object.
pub(in crate::backend) struct Role {
    pub(super) login: bool,
    /// What it may, beside that.
    pub(super) attributes: Attributes,
    pub(super) comment: String,
    /// Whether it is this object's.
    pub(super) ours: bool,
    /// Whether who manages it is a member of it, as he has to be.
    pub(super) joined: bool,
}

impl Role {
    /// Whether it may more than log in.
    pub(super) fn is_elevated(&self) -> bool {
        self.attributes.contains(&true)
    }
}

/// A database of the names that are wanted, or of this object.
pub(in crate::backend) struct Database {
    pub(super) owner: String,
    /// Whether its owner is a role of this object.
    pub(super) ours: bool,
    pub(in crate::backend) open: bool,
    /// Its removal was interrupted: nothing can be done with it but to finish that.
    pub(super) broken: bool,
    bytes: u64,
}

/// That a role may do something with a database; an empty name is PUBLIC's.
pub(in crate::backend) struct Grant {
    pub(super) database: String,
    pub(super) role: String,
    pub(super) complete: bool,
}

/// What is on a server of one object.
pub(in crate::backend) struct Found {
    pub(super) roles: BTreeMap<String, Role>,
    pub(super) databases: BTreeMap<String, Database>,
    pub(super) grants: Vec<Grant>,
}

impl Found {
    /// Looks for these names, and for everything of the object.
    pub(in crate::backend) async fn read(
        session: &Session,
        names: &Names,
        wanted: &[&str],
    ) -> Result<Self, Error> {
        let superuser = names.have_superuser().then_some(SUPERUSER);
        let list: Vec<String> = wanted.iter().copied().chain(superuser).map(literal).collect();
        let list = format!("ANY (ARRAY[{}]::name[])", list.join(", "));
        let comment = "coalesce(c.description, '')";
        let ours = names.may_be_ours(comment);
        let comments =
            "LEFT JOIN pg_shdescription c ON c.objoid = r.oid AND c.classoid = 'pg_authid'::regclass";
        let of_databases = format!(
            "FROM pg_database d JOIN pg_roles r ON r.oid = d.datdba {comments} WHERE d.datname = {list} OR {ours}"
        );
        let queries = [
            format!(
                "SELECT r.rolname, r.rolcanlogin, {comment}, pg_has_role(r.oid, 'USAGE'), r.rolsuper, r.rolcreatedb, \
                 r.rolcreaterole, r.rolreplication, r.rolbypassrls FROM pg_roles r {comments} WHERE r.rolname = {list} OR {ours}"
            ),
            format!(
                "SELECT d.datname, r.rolname, {comment}, d.datallowconn AND d.datconnlimit NOT IN (0, -2), \
                 d.datconnlimit = -2, CASE WHEN d.datallowconn AND has_database_privilege(d.oid, 'CONNECT') \
                 THEN pg_database_size(d.oid) ELSE 0 END {of_databases}"
            ),
            format!(
                "SELECT d.datname, g.rolname, count(*) = 3 FROM (SELECT d.oid, d.datname, d.datdba, d.datacl \
                 {of_databases}) d CROSS JOIN aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) a \
                 LEFT JOIN pg_roles g ON g.oid = a.grantee WHERE g.oid IS NOT NULL OR a.grantee = 0 GROUP BY 1, 2"
            ),
        ];
        let [roles, databases, grants] = session.look("read roles and databases", queries).await?;
        let role = |row| {
            let (name, comment) = (cell(row, 0), cell(row, 2));
            let attributes = [4, 5, 6, 7, 8].map(|index| flag(row, index));
            let ours = names.is_our_role(&name, &comment);
            (name, Role { login: flag(row, 1), attributes, ours, comment, joined: flag(row, 3) })
        };
        let database = |row| {
            let (owner, ours) = (cell(row, 1), names.is_ours(&cell(row, 2)));
            let bytes = cell(row, 5).parse().unwrap_or_default();
            (cell(row, 0), Database { owner, ours, open: flag(row, 3), broken: flag(row, 4), bytes })
        };
        let grant = |row| Grant { database: cell(row, 0), role: cell(row, 1), complete: flag(row, 2) };
        Ok(Found {
            roles: roles.iter().map(role).collect(),
            databases: databases.iter().map(database).collect(),
            grants: grants.iter().map(grant).collect(),
        })
    }

    /// The roles of the object.
    pub(super) fn our_roles(&self) -> impl Iterator<Item = (&String, &Role)> {
        self.roles.iter().filter(|(_, role)| role.ours)
    }

    /// Who of a shared server's roles was given by somebody what no user gets there, and who takes it back.
    pub(in crate::backend) fn elevated(&self) -> Option<String> {
        let (name, role) = self.our_roles().find(|(_, role)| role.is_elevated())?;
        let words =
            ATTRIBUTES.iter().zip(role.attributes).filter(|(_, may)| *may).map(|((_, word), _)| *word);
        let words: Vec<&str> = words.collect();
        Some(format!(
            "role {name} was given {} by somebody, which no user of this server gets, as other databases are on it, and by \
             which it may be out of reach here: let an administrator of the server run ALTER ROLE {} NO{}",
            words.join(" and "),
            identifier(name),
            words.join(" NO")
        ))
    }

    /// The databases of the object.
    pub(in crate::backend) fn our_databases(&self) -> impl Iterator<Item = (&String, &Database)> {
        self.databases.iter().filter(|(_, database)| database.ours)
    }

    /// Whether a role is there of the object; whatever else is there has one of them as its owner.
    pub(in crate::backend) fn has_roles(&self) -> bool {
        self.our_roles().next().is_some()
    }

    /// Whether no database is there of the object.
    pub(in crate::backend) fn is_nothing(&self) -> bool {
        self.our_databases().next().is_none()
    }

    /// The size of all its databases.
    pub(in crate::backend) fn bytes(&self) -> u64 {
        self.our_databases().map(|(_, database)| database.bytes).sum()
    }
}
