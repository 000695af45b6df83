//! What roles, databases and sessions there are, read in one round.

use super::error::Error;
use super::rights::Rights;
use super::sql::{SUPERUSER_ID, Session, cell, flag};
use crate::backend::postgresql::Secret;
use std::collections::{BTreeMap, BTreeSet};

const ROLES: &str = "SELECT rolname, oid, rolsuper, rolcreatedb, rolcreaterole, rolreplication, rolbypassrls, \
     rolcanlogin, rolinherit AND rolconnlimit = -1 AND coalesce(rolvaliduntil = 'infinity', true), rolpassword \
     FROM pg_authid";
const MEMBERSHIPS: &str = "SELECT m.rolname, r.rolname, g.rolname FROM pg_auth_members a \
     JOIN pg_authid m ON m.oid = a.member JOIN pg_authid r ON r.oid = a.roleid \
     LEFT JOIN pg_authid g ON g.oid = a.grantor";
const DATABASES: &str = "SELECT d.datname, r.rolname, d.datallowconn AND d.datconnlimit NOT IN (0, -2), \
     d.datconnlimit = -2 FROM pg_database d JOIN pg_authid r ON r.oid = d.datdba";
/// CONNECT, CREATE and TEMPORARY on each database, by grantee and grantor; the grantee PUBLIC is null.
const GRANTS: &str = "SELECT d.datname, r.rolname, count(*) = 3, a.grantor <> d.datdba, g.rolname \
     FROM pg_database d CROSS JOIN aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) a \
     LEFT JOIN pg_authid r ON r.oid = a.grantee LEFT JOIN pg_authid g ON g.oid = a.grantor \
     WHERE r.oid IS NOT NULL OR a.grantee = 0 GROUP BY 1, 2, 4, 5";
/// Sessions that could not be opened now, and those of the first superuser from elsewhere than the socket.
const SESSIONS: &str = "SELECT r.rolname, r.oid = 10, count(*) FROM pg_stat_activity s \
     JOIN pg_authid r ON r.oid = s.usesysid WHERE s.pid <> pg_backend_pid() AND (NOT r.rolcanlogin \
     OR s.datid <> 0 AND NOT has_database_privilege(r.oid, s.datid, 'CONNECT') \
     OR r.oid = 10 AND s.client_addr IS NOT NULL) GROUP BY 1, 2";

/// A role as it is.
pub(super) struct Role {
    pub(super) id: String,
    pub(super) rights: Rights,
    /// It inherits, and neither its validity nor the number of its connections is limited.
    pub(super) unlimited: bool,
    pub(super) verifier: Secret,
}

/// That a role is a member of another.
pub(super) struct Membership {
    pub(super) member: String,
    pub(super) role: String,
    pub(super) grantor: String,
}

/// A database as it is.
pub(super) struct Database {
    pub(super) owner: String,
    /// It takes connections.
    pub(super) open: bool,
    /// Its removal was interrupted: nothing can be done with it but to finish that.
    pub(super) broken: bool,
}

/// What a role may do with a database.
pub(super) struct Grant {
    pub(super) database: String,
    /// Empty for PUBLIC.
    pub(super) grantee: String,
    pub(super) complete: bool,
    /// Who granted it, when that was not the owner.
    pub(super) other_grantor: Option<String>,
}

/// Everything that is compared with what is wanted.
pub(super) struct Inventory {
    pub(super) roles: BTreeMap<String, Role>,
    pub(super) memberships: Vec<Membership>,
    pub(super) databases: BTreeMap<String, Database>,
    pub(super) grants: Vec<Grant>,
    /// Roles with sessions that could not be opened now.
    pub(super) expired: BTreeSet<String>,
    /// Whether the first superuser has sessions from elsewhere than the socket.
    pub(super) superuser_connected: bool,
}

impl Inventory {
    /// Looks at everything.
    pub(super) async fn read(session: &Session) -> Result<Self, Error> {
        let queries = [ROLES, MEMBERSHIPS, DATABASES, GRANTS, SESSIONS];
        let [roles, memberships, databases, grants, sessions] =
            session.look("read roles and databases", queries).await?;
        let role = |row| {
            let rights = Rights([2, 3, 4, 5, 6, 7].map(|index| flag(row, index)));
            let verifier = Secret::new(cell(row, 9));
            (cell(row, 0), Role { id: cell(row, 1), rights, unlimited: flag(row, 8), verifier })
        };
        let membership = |row| Membership { member: cell(row, 0), role: cell(row, 1), grantor: cell(row, 2) };
        let database =
            |row| (cell(row, 0), Database { owner: cell(row, 1), open: flag(row, 2), broken: flag(row, 3) });
        let grant = |row| Grant {
            database: cell(row, 0),
            grantee: cell(row, 1),
            complete: flag(row, 2),
            other_grantor: flag(row, 3).then(|| cell(row, 4)),
        };
        Ok(Self {
            roles: roles.iter().map(role).collect(),
            memberships: memberships.iter().map(membership).collect(),
            databases: databases.iter().map(database).collect(),
            grants: grants.iter().map(grant).collect(),
            superuser_connected: sessions.iter().any(|row| flag(row, 1)),
            expired: sessions.iter().filter(|row| !flag(row, 1)).map(|row| cell(row, 0)).collect(),
        })
    }

    /// The first superuser's name, which a superuser may have changed.
    pub(super) fn superuser(&self) -> Option<&String> {
        self.roles.iter().find(|(_, role)| role.id == SUPERUSER_ID).map(|(name, _)| name)
    }

    /// The memberships of a role that let it do more than it may: become a role with other attributes, or reach the
    /// files and programs of the machine.
    pub(super) fn excessive(&self, member: &str, may: Rights) -> Vec<&Membership> {
        let direct = self.memberships.iter().filter(|membership| membership.member == member);
        direct.filter(|membership| self.reaches_beyond(&membership.role, may)).collect()
    }

    fn reaches_beyond(&self, role: &str, may: Rights) -> bool {
        const OF_THE_MACHINE: [&str; 3] =
            ["pg_read_server_files", "pg_write_server_files", "pg_execute_server_program"];
        let mut reached = BTreeSet::from([role]);
        let mut waiting = vec![role];
        while let Some(next) = waiting.pop() {
            let exceeds = |found: &Role| found.rights.inherited().exceeds(may);
            if OF_THE_MACHINE.contains(&next) && !may.superuser() || self.roles.get(next).is_some_and(exceeds)
            {
                return true;
            }
            let further = self.memberships.iter().filter(|membership| membership.member == next);
            waiting.extend(further.map(|membership| &*membership.role).filter(|role| reached.insert(role)));
        }
        false
    }

    /// Every membership of a role.
    pub(super) fn memberships_of(&self, member: &str) -> Vec<&Membership> {
        self.memberships.iter().filter(|membership| membership.member == member).collect()
    }
}
