//! What is asked of both servers: every verb, with what is right and with what is wrong about it.

mod changes;
mod creates;
mod reads;
mod removals;

use serde_json::Value;

use crate::replayed::Recorder;

pub(crate) async fn run(recorder: &mut Recorder<'_>) {
    creates::creates(recorder).await;
    creates::metadata(recorder).await;
    reads::reads(recorder).await;
    reads::lists(recorder).await;
    reads::watches(recorder).await;
    changes::updates(recorder).await;
    changes::patches(recorder).await;
    removals::deletes(recorder).await;
    removals::paths(recorder).await;
}

/// An object with something else in it.
fn changed(recorder: &Recorder<'_>, name: &str, change: impl FnOnce(&mut Value)) -> String {
    let mut object = recorder.target.object(name);
    change(&mut object);
    object.to_string()
}
