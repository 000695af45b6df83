//! Events go after an hour, so that they do not pile up.

use super::runtime::{Controller, Outcome, Reconciler};
use crate::registry::{DeleteRequest, Objects, Registry};
use apimachinery::status::ApiError;
use apimachinery::time::Time;
use core_v1::Event;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

const LIFETIME_SECONDS: i64 = 3600;
const INTERVAL: Duration = Duration::from_secs(300);

/// Looks at all of them together.
const ALL: &str = "events";

struct Expiry(Objects<Event>);

/// Runs until the server ends.
pub(super) async fn run(registry: Arc<Registry>, ended: CancellationToken) {
    let Some(events) = registry.objects::<Event>("event-expiry") else { return };
    Controller::new(Expiry(events)).begins_with(ALL.to_owned()).run(ended).await;
}

impl Reconciler for Expiry {
    type Key = String;
    type Error = ApiError;
    const NAME: &'static str = "deleting old events";

    async fn reconcile(&self, _: &String) -> Result<Outcome, ApiError> {
        let oldest = Time::now().seconds() - LIFETIME_SECONDS;
        let mut outcome = Ok(Outcome::Again(INTERVAL));
        for event in self.0.known_all()? {
            let meta = &event.metadata;
            if meta.creation_timestamp.is_some_and(|created| created.seconds() < oldest)
                && let Err(error) = self.0.delete(meta, &DeleteRequest::default()).await
            {
                outcome = Err(error);
            }
        }
        outcome
    }
}
