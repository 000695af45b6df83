//! What things are called on a server.
//!
//! On a server that others share, a role or a database is called what the spec calls it, where nobody else has that name there; else that and a hash of the
//! object's uid, which nobody else has. What was made once keeps its name. Whose something is stands in the comment on the role,
//! which only who manages roles can change; a database is its owner's.

use super::found::Found;
use super::wish::SUPERUSER;
use crate::backend::postgresql::{hash, literal};
use databases_api::instance::Instance;
use databases_api::postgresql::PostgreSQL;
use sha2::{Digest, Sha256};

/// PostgreSQL cuts longer names off.
const NAME_BYTES: usize = 63;
/// Hexadecimal digits of a hash in a name.
const HASH: usize = 10;
const MADE: &str = "made by databases.standard.k8s.io for";
const KEPT: &str = "kept by databases.standard.k8s.io after the deletion of";

/// Whose a server is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ground {
    /// Others have something there, too.
    Shared,
    /// It is the object's alone.
    Own,
    /// So it is, and somebody else makes the databases with their owners.
    Given,
}

/// The names and the comments of one object.
pub(in crate::backend) struct Names {
    uid: String,
    object: String,
    ground: Ground,
    /// Whether it began as a copy of a server on which everything was another object's.
    is_copy: bool,
    /// Whether a superuser is given out that is made here ([`SUPERUSER`]).
    superuser: bool,
}

impl Names {
    /// On a server that others share.
    pub(in crate::backend) fn of(object: &PostgreSQL) -> Self {
        let meta = &object.metadata;
        let title = format!("PostgreSQL {}/{}", meta.namespace, meta.name);
        Names {
            uid: meta.uid.clone(),
            object: title,
            ground: Ground::Shared,
            is_copy: false,
            superuser: false,
        }
    }

    /// On a server that is the object's alone: everything is called what the spec calls it, and what is there already under
    /// such a name is taken up.
    pub(in crate::backend) fn alone(object: &PostgreSQL) -> Self {
        Names { ground: Ground::Own, is_copy: object.copied().is_some(), ..Names::of(object) }
    }

    /// Likewise, where somebody else makes databases with their owners, and keeps the passwords of those.
    pub(in crate::backend) fn given(object: &PostgreSQL) -> Self {
        Names { ground: Ground::Given, ..Names::alone(object) }
    }

    /// Likewise, where the superuser that is given out is made here, too.
    pub(in crate::backend) fn with_superuser(self) -> Self {
        Names { superuser: true, ..self }
    }

    /// Whether the superuser that is given out is made here.
    pub(super) fn have_superuser(&self) -> bool {
        self.superuser
    }

    /// Whether the server is the object's alone.
    pub(super) fn are_alone(&self) -> bool {
        self.ground != Ground::Shared
    }

    /// Whether somebody else makes databases with their owners.
    pub(super) fn are_given(&self) -> bool {
        self.ground == Ground::Given
    }

    /// What a role of the spec is called, by what is there.
    pub(super) fn role(&self, found: &Found, wanted: &str) -> String {
        let there = |name: &str| found.roles.get(name).map(|role| role.ours);
        self.choose(there(wanted), there(&self.hashed(wanted)), wanted)
    }

    /// What a database of the spec is called, by what is there.
    pub(super) fn database(&self, found: &Found, wanted: &str) -> String {
        let there = |name: &str| found.databases.get(name).map(|database| database.ours);
        self.choose(there(wanted), there(&self.hashed(wanted)), wanted)
    }

    /// Whether something of a name is there is known, and then whether it is ours.
    fn choose(&self, plain: Option<bool>, hashed: Option<bool>, wanted: &str) -> String {
        match (plain, hashed) {
            _ if self.are_alone() => wanted.to_owned(),
            (Some(true), _) => wanted.to_owned(),
            (None, hashed) if hashed != Some(true) => wanted.to_owned(),
            _ => self.hashed(wanted),
        }
    }

    /// A name that no other object has.
    pub(in crate::backend) fn hashed(&self, wanted: &str) -> String {
        let room = NAME_BYTES - HASH - 1;
        if wanted.len() <= room {
            return format!("{wanted}_{}", hash(&self.uid, HASH));
        }
        let end = (0..=room).rev().find(|end| wanted.is_char_boundary(*end)).unwrap_or_default();
        format!("{}_{}", &wanted[..end], hash(&format!("{}/{wanted}", self.uid), HASH))
    }

    /// The comment on what was made.
    pub(super) fn made(&self) -> String {
        format!("{MADE} {} {}", self.object, self.ending())
    }

    /// The comment on what a deletion kept.
    pub(super) fn kept(&self) -> String {
        format!("{KEPT} {} {}", self.object, self.ending())
    }

    /// Whether a comment says that something is this object's. What was the other object's at what it copies is its own here.
    pub(super) fn is_ours(&self, comment: &str) -> bool {
        Self::is_somebodys(comment) && (self.is_copy || comment.ends_with(&self.ending()))
    }

    /// Whether a role is this object's. A superuser that was made for another one, which left the server behind, is so, too: it is
    /// nobody else's to shut out.
    pub(super) fn is_our_role(&self, role: &str, comment: &str) -> bool {
        self.is_ours(comment) || self.superuser && role == SUPERUSER && Self::is_somebodys(comment)
    }

    /// Whether a comment says that something is, or was, an object's: one that is gone, or another.
    pub(super) fn is_somebodys(comment: &str) -> bool {
        comment.starts_with(MADE) || comment.starts_with(KEPT)
    }

    /// The condition in SQL that a comment may say so.
    pub(super) fn may_be_ours(&self, comment: &str) -> String {
        if self.is_copy {
            return format!(
                "starts_with({comment}, {}) OR starts_with({comment}, {})",
                literal(MADE),
                literal(KEPT)
            );
        }
        let ending = self.ending();
        format!("right({comment}, {}) = {}", ending.chars().count(), literal(&ending))
    }

    /// A number of the object's own, for a lock.
    pub(super) fn number(&self) -> i64 {
        let digest = Sha256::digest(&self.uid);
        digest.iter().take(8).fold(0, |number, byte| number << 8 | i64::from(*byte))
    }

    fn ending(&self) -> String {
        format!("(uid {})", self.uid)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(uid: &str) -> Names {
        let mut object = PostgreSQL::default();
        let meta = &mut object.metadata;
        (meta.uid, meta.namespace, meta.name) = (uid.into(), "demo".into(), "wiki".into());
        Names::of(&object)
    }

    #[test]
    fn a_name_is_one_objects_and_fits() {
        let (one, two) = (names("1"), names("2"));
        assert_eq!(one.hashed("app"), one.hashed("app"));
        assert_ne!(one.hashed("app"), two.hashed("app"));
        assert!(one.hashed("app").starts_with("app_"));
        let (long, longer) = ("ä".repeat(31), format!("{}b", "ä".repeat(31)));
        for name in [&long, &longer] {
            assert!(one.hashed(name).len() <= NAME_BYTES, "{name}");
        }
        assert_ne!(one.hashed(&long), one.hashed(&longer));
    }

    #[test]
    fn a_name_is_the_specs_where_nobody_else_has_it_and_stays() {
        let one = names("1");
        let hashed = one.hashed("app");
        for (plain, other, name) in [
            (None, None, "app"),
            (Some(true), None, "app"),
            (Some(false), None, &*hashed),
            (Some(false), Some(true), &*hashed),
            (None, Some(true), &*hashed),
            (None, Some(false), "app"),
        ] {
            assert_eq!(one.choose(plain, other, "app"), name, "{plain:?} {other:?}");
        }
    }

    #[test]
    fn on_a_server_of_its_own_a_name_is_always_the_specs() {
        let alone = Names::alone(&PostgreSQL::default());
        for (plain, hashed) in [(None, Some(true)), (Some(false), None), (Some(false), Some(true))] {
            assert_eq!(alone.choose(plain, hashed, "app"), "app", "{plain:?} {hashed:?}");
        }
    }

    #[test]
    fn a_comment_says_whose_something_is() {
        let (one, other) = (names("1"), names("11"));
        assert!(one.is_ours(&one.made()) && one.is_ours(&one.kept()));
        assert!(!one.is_ours(&other.made()) && !other.is_ours(&one.made()));
        assert!(!one.is_ours("") && !one.is_ours("a role of mine (uid 1)"));
        let copy = Names { is_copy: true, ..other };
        assert!(copy.is_ours(&one.made()) && copy.is_ours(&one.kept()) && copy.is_ours(&copy.made()));
        assert!(!copy.is_ours("") && !copy.is_ours("a role of mine (uid 1)"));
        let (before, other) = (one.made(), names("11").with_superuser());
        assert!(other.is_our_role(SUPERUSER, &before) && !other.is_our_role("app", &before));
        assert!(
            !other.is_our_role(SUPERUSER, "a role of mine") && !one.is_our_role(SUPERUSER, &other.made())
        );
    }
}
