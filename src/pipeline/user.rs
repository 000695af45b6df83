//! Who a request comes from.

/// The group of everybody who was authenticated.
pub const AUTHENTICATED_GROUP: &str = "system:authenticated";
/// The group of everybody who was not.
pub const UNAUTHENTICATED_GROUP: &str = "system:unauthenticated";
/// The name of everybody who was not authenticated.
pub const ANONYMOUS: &str = "system:anonymous";
/// The group that may do everything.
pub const MASTERS_GROUP: &str = "system:masters";

/// Who a request comes from, as authentication found out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UserInfo {
    /// The name that identifies the user among all active users.
    pub name: String,
    /// A value that stays unique over time, or nothing.
    pub uid: String,
    /// The groups the user belongs to.
    pub groups: Vec<String>,
    /// What the authenticator adds: keys in lower case, values in the order given.
    pub extra: Vec<(String, Vec<String>)>,
}

impl UserInfo {
    /// A user with a name and groups.
    pub fn new<G: Into<String>>(name: impl Into<String>, groups: impl IntoIterator<Item = G>) -> Self {
        let groups = groups.into_iter().map(Into::into).collect();
        Self { name: name.into(), groups, ..Self::default() }
    }

    /// The user of requests without credentials.
    pub fn anonymous() -> Self {
        Self::new(ANONYMOUS, [UNAUTHENTICATED_GROUP])
    }

    /// Whether the user belongs to `group`.
    pub fn is_in(&self, group: &str) -> bool {
        self.groups.iter().any(|one| one == group)
    }

    /// Whether the request came without credentials.
    pub fn is_anonymous(&self) -> bool {
        self.name == ANONYMOUS || self.is_in(UNAUTHENTICATED_GROUP)
    }
}
