//! What users may do, as the host cluster's authorizers say (A-20…A-22).

use super::verdicts::Verdicts;
use crate::cluster::{Access, Cluster};
use crate::pipeline::{Authorizer, Decision, MASTERS_GROUP, RequestInfo, UserInfo};
use k8s_openapi::api::authorization::v1::{
    NonResourceAttributes, ResourceAttributes, SubjectAccessReviewSpec,
};
use std::time::Duration;

/// A verdict holds so long, leave or not.
const LIFETIME: Duration = Duration::from_secs(10);
/// Questions of so many bytes are asked each time.
const MOST_KEPT: usize = 10_000;

/// Asks the host cluster by SubjectAccessReview.
pub struct AccessReviews {
    cluster: Cluster,
    verdicts: Verdicts<Box<str>, Access>,
}

impl AccessReviews {
    /// Asks this cluster.
    pub fn new(cluster: Cluster) -> Self {
        AccessReviews { cluster, verdicts: Verdicts::lasting(LIFETIME) }
    }
}

impl Authorizer for AccessReviews {
    async fn authorize(&self, user: &UserInfo, info: &RequestInfo) -> Decision {
        if user.is_in(MASTERS_GROUP) || is_for_everybody(info) {
            return Decision::Allow;
        }
        let question = question(user, info);
        let key = serde_json::to_string(&question).unwrap_or_default().into_boxed_str();
        let answer = if key.len() < MOST_KEPT {
            self.verdicts.get(&key, self.cluster.review_access(question)).await
        } else {
            self.cluster.review_access(question).await
        };
        match answer {
            Ok(Access { allowed: true, .. }) => Decision::Allow,
            Ok(Access { reason, .. }) => Decision::Deny(reason),
            Err(error) => Decision::Error(error.to_string()),
        }
    }
}

/// Health is everybody's business.
fn is_for_everybody(info: &RequestInfo) -> bool {
    !info.is_resource_request() && matches!(info.path(), "/healthz" | "/livez" | "/readyz")
}

fn question(user: &UserInfo, info: &RequestInfo) -> SubjectAccessReviewSpec {
    let some = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    let mut spec = SubjectAccessReviewSpec {
        user: some(&user.name),
        uid: some(&user.uid),
        groups: Some(user.groups.clone()),
        extra: Some(user.extra.iter().cloned().collect()),
        ..SubjectAccessReviewSpec::default()
    };
    let verb = some(info.verb().as_str());
    if info.is_resource_request() {
        spec.resource_attributes = Some(ResourceAttributes {
            namespace: some(info.namespace()),
            verb,
            group: some(info.group()),
            version: some(info.version()),
            resource: some(info.resource()),
            subresource: some(info.subresource()),
            name: some(info.name()),
            ..ResourceAttributes::default()
        });
    } else {
        spec.non_resource_attributes = Some(NonResourceAttributes { path: some(info.path()), verb });
    }
    spec
}
