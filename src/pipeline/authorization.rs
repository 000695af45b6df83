//! May this user do this?
//!
//! Needs: the user and the [`RequestInfo`]. Provides: leave to go on. Refuses with: 403 and a message that names who,
//! what and where; 500 when the authorizer cannot tell.

use std::future::Future;
use std::sync::Arc;

use futures_util::future::BoxFuture;

use super::request_info::RequestInfo;
use super::status::{Refusal, escape};
use super::user::{MASTERS_GROUP, UserInfo};

/// What an authorizer says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// The request may go on; the reason is for the audit log and may be empty.
    Allow(String),
    /// It may not; the reason is shown to the user and may be empty.
    Deny(String),
    /// The authorizer cannot tell, for this reason.
    Error(String),
}

/// Decides what users may do.
pub trait Authorizer: Send + Sync + 'static {
    /// Decides one request.
    fn authorize(&self, user: &UserInfo, info: &RequestInfo) -> impl Future<Output = Decision> + Send;
}

/// An [`Authorizer`] of any type, for those who ask for more than the request says.
pub trait Permission: Send + Sync + 'static {
    /// Decides one request.
    fn ask<'a>(&'a self, user: &'a UserInfo, info: &'a RequestInfo) -> BoxFuture<'a, Decision>;
}

impl<Z: Authorizer> Permission for Z {
    fn ask<'a>(&'a self, user: &'a UserInfo, info: &'a RequestInfo) -> BoxFuture<'a, Decision> {
        Box::pin(self.authorize(user, info))
    }
}

/// The rule of standalone mode: `system:masters` may do everything, everybody may ask for health and the version.
#[derive(Clone, Copy, Debug, Default)]
pub struct MastersOnly;

impl<Z: Authorizer> Authorizer for Arc<Z> {
    async fn authorize(&self, user: &UserInfo, info: &RequestInfo) -> Decision {
        (**self).authorize(user, info).await
    }
}

impl Authorizer for MastersOnly {
    async fn authorize(&self, user: &UserInfo, info: &RequestInfo) -> Decision {
        let everybody = info.is_health() || (!info.is_resource_request() && info.path() == "/version");
        if everybody || user.is_in(MASTERS_GROUP) {
            Decision::Allow(String::new())
        } else {
            Decision::Deny(String::new())
        }
    }
}

/// Turns a decision into leave or a refusal.
pub(super) fn enforce(decision: Decision, user: &UserInfo, info: &RequestInfo) -> Result<(), Refusal> {
    match decision {
        Decision::Allow(_) => Ok(()),
        Decision::Deny(reason) => Err(forbidden(user, info, &reason)),
        Decision::Error(message) => Err(Refusal::Authorization { uri: info.path().to_owned(), message }),
    }
}

fn forbidden(user: &UserInfo, info: &RequestInfo, reason: &str) -> Refusal {
    let why = denied(user, info, reason);
    let message = match (info.resource(), info.name()) {
        ("", _) => format!("forbidden: {why}"),
        (_, "") => format!("{} is forbidden: {why}", group_resource(info)),
        (_, name) => format!("{} {name:?} is forbidden: {why}", group_resource(info)),
    };
    Refusal::Forbidden {
        message,
        name: info.name().to_owned(),
        group: info.group().to_owned(),
        resource: info.resource().to_owned(),
    }
}

/// Who cannot do what, where, and why not.
pub fn denied(user: &UserInfo, info: &RequestInfo, reason: &str) -> String {
    let denial = escape(&denial(user, info));
    if reason.is_empty() { denial } else { format!("{denial}: {reason}") }
}

fn denial(user: &UserInfo, info: &RequestInfo) -> String {
    let (name, verb) = (&user.name, info.verb());
    if !info.is_resource_request() {
        return format!("User {name:?} cannot {verb} path {:?}", info.path());
    }
    let resource = match info.subresource() {
        "" => info.resource().to_owned(),
        subresource => format!("{}/{subresource}", info.resource()),
    };
    let place = match info.namespace() {
        "" => "at the cluster scope".to_owned(),
        namespace => format!("in the namespace {namespace:?}"),
    };
    format!("User {name:?} cannot {verb} resource {resource:?} in API group {:?} {place}", info.group())
}

fn group_resource(info: &RequestInfo) -> String {
    match info.group() {
        "" => info.resource().to_owned(),
        group => format!("{}.{group}", info.resource()),
    }
}
