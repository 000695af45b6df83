//! The host cluster's word on who somebody is, and on what they may do.

use super::{Cluster, Error};
use k8s_openapi::api::authentication::v1::{TokenReview, TokenReviewSpec, UserInfo};
use k8s_openapi::api::authorization::v1::{SubjectAccessReview, SubjectAccessReviewSpec};
use kube::Resource;
use kube::api::{Api, PostParams};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fmt::Debug;
use std::time::Duration;
use tokio::time::{Instant, sleep, timeout_at};

/// All attempts together take no longer.
const TIMEOUT: Duration = Duration::from_secs(10);
const ATTEMPTS: u32 = 5;
const FIRST_PAUSE: Duration = Duration::from_millis(500);

/// Leave, or the reason why not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Access {
    /// Whether it is allowed.
    pub allowed: bool,
    /// Why; may be empty.
    pub reason: String,
}

impl Cluster {
    /// Whose token it is; `None` when it is nobody's, with the reason for the log.
    pub async fn review_token(&self, token: &str) -> Result<Result<UserInfo, String>, Error> {
        let spec = TokenReviewSpec { token: token.to_owned(), audiences: None };
        let review: TokenReview = self.review(&TokenReview { spec, ..TokenReview::default() }).await?;
        let status = review.status.unwrap_or_default();
        Ok(match (status.authenticated, status.user) {
            (Some(true), Some(user)) => Ok(user),
            _ => Err(status.error.unwrap_or_else(|| "the token is not known".to_owned())),
        })
    }

    /// Whether a user may do something.
    pub async fn review_access(&self, spec: SubjectAccessReviewSpec) -> Result<Access, Error> {
        let review: SubjectAccessReview =
            self.review(&SubjectAccessReview { spec, ..SubjectAccessReview::default() }).await?;
        let status = review.status.unwrap_or_default();
        let allowed = status.allowed && !status.denied.unwrap_or(false);
        Ok(Access { allowed, reason: status.reason.unwrap_or_default() })
    }

    /// Asks, and asks again while the cluster cannot be reached or does not keep up.
    async fn review<K>(&self, question: &K) -> Result<K, Error>
    where
        K: Resource<Scope = k8s_openapi::ClusterResourceScope, DynamicType = ()>
            + Serialize
            + DeserializeOwned
            + Clone
            + Debug,
    {
        let api: Api<K> = Api::all(self.client.clone());
        let end = Instant::now() + TIMEOUT;
        let mut pause = FIRST_PAUSE;
        for attempt in 1.. {
            let params = PostParams::default();
            let error = match timeout_at(end, api.create(&params, question)).await {
                Ok(Ok(answer)) => return Ok(answer),
                Ok(Err(error)) if attempt == ATTEMPTS || !is_passing(&error) => return Err(error.into()),
                Ok(Err(error)) => Error::from(error),
                Err(_) => return Err(Error::Timeout(TIMEOUT)),
            };
            if Instant::now() + pause >= end {
                return Err(error);
            }
            sleep(pause.mul_f64(rand::random_range(1.0..1.2))).await;
            pause = pause.mul_f64(1.5);
        }
        unreachable!("the last attempt returns")
    }
}

/// Whether the same question may be answered a moment later.
fn is_passing(error: &kube::Error) -> bool {
    match error {
        kube::Error::Api(status) => status.code == 429 || status.code >= 500,
        kube::Error::HyperError(_) | kube::Error::Service(_) => true,
        _ => false,
    }
}
