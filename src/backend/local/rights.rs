//! What a role may do, as a value.

use super::desired::{Attribute, User};

/// The attributes in the order of [`Rights`], and as `CREATE ROLE` spells them.
const ATTRIBUTES: [(Option<Attribute>, &str); 6] = [
    (Some(Attribute::Superuser), "SUPERUSER"),
    (Some(Attribute::CreateDB), "CREATEDB"),
    (Some(Attribute::CreateRole), "CREATEROLE"),
    (Some(Attribute::Replication), "REPLICATION"),
    (Some(Attribute::BypassRLS), "BYPASSRLS"),
    (None, "LOGIN"),
];
const LOGIN: usize = 5;

/// The attributes of a role; the last one is whether it may log in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rights(pub(super) [bool; 6]);

impl Rights {
    /// Nothing at all.
    pub(super) const NONE: Rights = Rights([false; 6]);
    /// To log in, as an owner does.
    pub(super) const OWNER: Rights = Rights([false, false, false, false, false, true]);
    /// To stream the log.
    pub(super) const STANDBY: Rights = Rights([false, false, false, true, false, true]);
    /// Everything.
    pub(super) const ALL: Rights = Rights([true; 6]);

    /// What a user is listed with; what is not listed is taken away.
    pub(super) fn of(user: &User) -> Self {
        let login = !user.attributes.contains(&Attribute::NoLogin);
        Rights(
            ATTRIBUTES
                .map(|(attribute, _)| attribute.map_or(login, |listed| user.attributes.contains(&listed))),
        )
    }

    /// As `ALTER ROLE` has it.
    pub(super) fn clause(self) -> String {
        let words = ATTRIBUTES.iter().zip(self.0);
        let words = words.map(|((_, word), has)| format!("{}{word}", if has { "" } else { "NO" }));
        words.collect::<Vec<_>>().join(" ")
    }

    /// Whether something is here that is not in the other.
    pub(super) fn exceeds(self, other: Rights) -> bool {
        self.0.iter().zip(other.0).any(|(has, may)| *has && !may)
    }

    /// The same without the login, which nobody has by being a member.
    pub(super) fn inherited(self) -> Self {
        let mut rights = self.0;
        rights[LOGIN] = false;
        Rights(rights)
    }

    /// Whether it may log in.
    pub(super) fn login(self) -> bool {
        self.0[LOGIN]
    }

    /// Whether no check applies to it.
    pub(super) fn superuser(self) -> bool {
        self.0[0]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_not_listed_are_taken_away() {
        let user = |attributes: &[Attribute]| User {
            name: "u".to_owned(),
            attributes: attributes.to_vec(),
            databases: Vec::new(),
        };
        let clause = |attributes| Rights::of(&user(attributes)).clause();
        assert_eq!(clause(&[]), "NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS LOGIN");
        assert_eq!(
            clause(&[Attribute::CreateDB, Attribute::NoLogin]),
            "NOSUPERUSER CREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS NOLOGIN"
        );
    }
}
