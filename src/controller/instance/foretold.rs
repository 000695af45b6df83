//! What a change of one object will disturb, before anything of it is done.

use super::super::{Backends, Controllers};
use super::Database;
use super::choice::{Choice, Inquiry};
use crate::backend::Plan;
use apimachinery::kind::Kind;
use databases_api::shared::State;

/// The plan of who answers an object as it is about to be written; none where nothing of it runs or is to run on, or where nobody
/// can say it now.
pub(in crate::controller) async fn foretold<K: Database>(
    controllers: &Controllers,
    backends: &Backends<K>,
    object: &K,
) -> Option<Plan> {
    let made = !object.status().version.is_empty();
    // Who stops or deletes a database asks for that, and disturbs nobody with the rest.
    let ends = Kind::meta(object).deletion_timestamp.is_some() || object.spec().state == Some(State::Stopped);
    if !made || ends {
        return None;
    }
    // Who only looks needs no name.
    let classes = controllers.registry.objects("")?;
    let inquiry = Inquiry { controllers, backends, classes: &classes };
    let Ok(Choice::Ours(chosen)) = inquiry.choose(object).await else { return None };
    chosen.backend.introduce().await.ok()?;
    if !chosen.backend.foretells() {
        return None;
    }
    let (request, chosen) = inquiry.request(object, &chosen).await.ok()?;
    chosen.backend.plan(&request).await.ok()
}
