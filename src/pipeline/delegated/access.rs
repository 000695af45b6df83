//! What users may do, as the host cluster's authorizers say (A-20…A-22).

use super::verdicts::Verdicts;
use crate::cluster::{Access, Cluster};
use crate::pipeline::{Authorizer, Decision, MASTERS_GROUP, RequestInfo, UserInfo};
use apimachinery::selector::{FieldSelector, LabelSelector, Op, Operator};
use k8s_openapi::api::authorization::v1::{
    FieldSelectorAttributes, LabelSelectorAttributes, NonResourceAttributes, ResourceAttributes,
    SubjectAccessReviewSpec,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{FieldSelectorRequirement, LabelSelectorRequirement};
use std::sync::Arc;
use std::time::Duration;

/// Questions of so many bytes are asked each time.
const MOST_KEPT: usize = 10_000;

/// Asks the host cluster by SubjectAccessReview.
pub struct AccessReviews {
    cluster: Cluster,
    verdicts: Verdicts<Box<str>, Access>,
    open_paths: Vec<String>,
}

/// How long verdicts hold.
#[derive(Clone, Copy, Debug)]
pub struct Lifetimes {
    /// Leave.
    pub allowed: Duration,
    /// Refusals.
    pub denied: Duration,
}

impl AccessReviews {
    /// Asks this cluster, but for paths that are open to everybody.
    pub fn new(cluster: Cluster, lifetimes: Lifetimes, open_paths: Vec<String>) -> Self {
        let lifetime = move |access: &Access| match access.allowed {
            true => lifetimes.allowed,
            false => lifetimes.denied,
        };
        AccessReviews { cluster, verdicts: Verdicts::lasting(lifetime), open_paths }
    }

    /// Health, as a rule, is everybody's business.
    fn is_open(&self, info: &RequestInfo) -> bool {
        let covers = |open: &String| match open.strip_suffix('*') {
            Some(folder) => info.path().starts_with(folder),
            None => info.path() == open,
        };
        !info.is_resource_request() && self.open_paths.iter().any(covers)
    }
}

impl AccessReviews {
    /// The cluster's answer, or one that still holds; else why there is none.
    pub async fn review(&self, question: SubjectAccessReviewSpec) -> Result<Access, Arc<str>> {
        let key = serde_json::to_string(&question).unwrap_or_default().into_boxed_str();
        let is_kept = key.len() < MOST_KEPT;
        let cluster = self.cluster.clone();
        // Most questions are answered already: only one that is asked takes the room that asking needs.
        let ask = || {
            Box::pin(async move { cluster.review_access(question).await.map_err(|error| error.to_string()) })
        };
        if is_kept { self.verdicts.get(key, ask).await } else { ask().await.map_err(Into::into) }
    }
}

impl Authorizer for AccessReviews {
    async fn authorize(&self, user: &UserInfo, info: &RequestInfo) -> Decision {
        if user.is_in(MASTERS_GROUP) || self.is_open(info) {
            return Decision::Allow(String::new());
        }
        match self.review(question(user, info)).await {
            Ok(Access { allowed: true, reason }) => Decision::Allow(reason),
            Ok(Access { reason, .. }) => Decision::Deny(reason),
            Err(reason) => Decision::Error(reason.to_string()),
        }
    }
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
            field_selector: fields(info.field_selector()),
            label_selector: labels(info.label_selector()),
        });
    } else {
        spec.non_resource_attributes = Some(NonResourceAttributes { path: some(info.path()), verb });
    }
    spec
}

/// The requirements on fields; none when the selector cannot be read, which its own stage refuses.
fn fields(selector: &str) -> Option<FieldSelectorAttributes> {
    let selector: FieldSelector = selector.parse().ok()?;
    let requirements = selector.requirements().iter().map(|requirement| FieldSelectorRequirement {
        key: requirement.field.clone(),
        operator: if requirement.op == Op::Equal { "In".into() } else { "NotIn".into() },
        values: Some(vec![requirement.value.clone()]),
    });
    let requirements: Vec<_> = requirements.collect();
    (!requirements.is_empty())
        .then_some(FieldSelectorAttributes { raw_selector: None, requirements: Some(requirements) })
}

/// The requirements on labels, but for comparisons of numbers, which a review has no word for.
fn labels(selector: &str) -> Option<LabelSelectorAttributes> {
    let selector: LabelSelector = selector.parse().ok()?;
    let requirements = selector.requirements().iter().filter_map(|requirement| {
        let operator = match requirement.operator() {
            Operator::In => "In",
            Operator::NotIn => "NotIn",
            Operator::Exists => "Exists",
            Operator::DoesNotExist => "DoesNotExist",
            Operator::GreaterThan | Operator::LessThan => return None,
        };
        let values = Some(requirement.values().to_vec()).filter(|values| !values.is_empty());
        Some(LabelSelectorRequirement { key: requirement.key().into(), operator: operator.into(), values })
    });
    let requirements: Vec<_> = requirements.collect();
    (!requirements.is_empty())
        .then_some(LabelSelectorAttributes { raw_selector: None, requirements: Some(requirements) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::Method;

    fn asked(target: &str) -> ResourceAttributes {
        let info = RequestInfo::parse(&Method::GET, &target.parse().unwrap()).unwrap();
        question(&UserInfo::new("ada", ["one"]), &info).resource_attributes.unwrap()
    }

    #[test]
    fn selectors_are_part_of_the_question() {
        let list = asked("/apis/g/v1/things?fieldSelector=a%3D1,b!%3D2&labelSelector=x+in+(2,1),!y,z,n%3E3");
        let fields = list.field_selector.unwrap().requirements.unwrap();
        let fields: Vec<_> =
            fields.iter().map(|one| (&*one.key, &*one.operator, one.values.clone())).collect();
        let value = |text: &str| Some(vec![text.to_owned()]);
        assert_eq!(fields, [("a", "In", value("1")), ("b", "NotIn", value("2"))]);
        let labels = list.label_selector.unwrap().requirements.unwrap();
        let labels: Vec<_> =
            labels.iter().map(|one| (&*one.key, &*one.operator, one.values.clone())).collect();
        let both = Some(vec!["1".to_owned(), "2".to_owned()]);
        assert_eq!(labels, [("x", "In", both), ("y", "DoesNotExist", None), ("z", "Exists", None)]);
    }

    #[test]
    fn what_is_no_selector_restricts_nothing() {
        for target in [
            "/apis/g/v1/things",
            "/apis/g/v1/things?fieldSelector=broken&labelSelector=((",
            "/apis/g/v1/things/a?fieldSelector=a%3D1&labelSelector=b",
        ] {
            let asked = asked(target);
            assert_eq!((asked.field_selector, asked.label_selector), (None, None), "{target}");
        }
    }
}
