//! What a change of a database will disturb, said to whoever makes it, of a dry run too: each change of its backend's plan that
//! somebody notices is a warning. Nobody is kept waiting for that, and no write fails for it.

use crate::admission::{Admission, Attributes};
use crate::backend::{Change, Effect, Plan};
use crate::controller::Foresight;
use crate::server::Link;
use apimachinery::kind::Hub;
use apimachinery::status::ApiError;
use async_trait::async_trait;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::timeout;

/// A write waits so long for what a backend says of it, and goes on without.
pub(super) const PATIENCE: Duration = Duration::from_secs(1);
/// So many changes are told of one by one.
const MOST: usize = 10;

/// The admission step.
pub(super) struct Foreseen {
    pub(super) foresight: Arc<Foresight>,
    pub(super) objects: Arc<Link>,
}

#[async_trait]
impl Admission for Foreseen {
    async fn validate(
        &self,
        attributes: &Attributes<'_>,
        object: &dyn Hub,
        old: Option<&dyn Hub>,
    ) -> Result<(), ApiError> {
        if !attributes.is_clients_update() || old.is_none_or(|old| object.same_desired_state(old)) {
            return Ok(());
        }
        let Ok(registry) = self.objects.registry() else { return Ok(()) };
        let plan = timeout(PATIENCE, self.foresight.plan(registry, object)).await;
        if let Ok(Some(plan)) = plan {
            attributes.warn(warnings(&plan));
        }
        Ok(())
    }
}

fn warnings(plan: &Plan) -> Vec<String> {
    let noticed: Vec<&Change> = plan.changes.iter().filter(|change| change.effect > Effect::Reload).collect();
    let mut warnings: Vec<String> = noticed.iter().take(MOST).map(|change| warning(change)).collect();
    if let Some(more) = noticed.len().checked_sub(MOST).filter(|more| *more > 0) {
        warnings.push(format!("{more} more changes disturb the database"));
    }
    warnings
}

fn warning(change: &Change) -> String {
    let Change { fields, effect, message } = change;
    let effect = match effect {
        Effect::Nothing | Effect::Reload => "nobody notices",
        Effect::Restart => "connections end and can be made again at once",
        Effect::Switchover => "another server becomes the primary, and connections end",
        Effect::Downtime => "what is served is interrupted, for long or until something else changes",
        Effect::Rebuild => "the data is copied to where it is served from then on",
        Effect::Refused => "this will not be done",
    };
    let message = if message.is_empty() { String::new() } else { format!(": {message}") };
    format!("{}: {effect}{message}", fields.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_somebody_notices_is_told_field_by_field_and_not_without_end() {
        let mut plan = Plan::default();
        plan.add("spec.parameters[work_mem]", Effect::Reload, "work_mem is read again");
        assert!(warnings(&plan).is_empty());
        plan.add("spec.parameters[max_connections]", Effect::Restart, "restarts every server");
        plan.add("spec.instances", Effect::Downtime, "");
        assert_eq!(
            warnings(&plan),
            [
                "spec.parameters[max_connections]: connections end and can be made again at once: restarts every server",
                "spec.instances: what is served is interrupted, for long or until something else changes",
            ]
        );
        (0..20).for_each(|_| plan.add("spec", Effect::Refused, "no"));
        let told = warnings(&plan);
        assert_eq!((told.len(), &*told[MOST]), (MOST + 1, "12 more changes disturb the database"));
    }
}
