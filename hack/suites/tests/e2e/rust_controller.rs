//! A controller of kube-rs, as most operators in Rust are made: reconcile, finalizer, status.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use kube::api::{Api, DynamicObject, Patch, PatchParams};
use kube::core::ApiResource;
use kube::runtime::controller::{Action, Controller};
use kube::runtime::finalizer::{self, Event, finalizer};
use kube::runtime::watcher::Config;
use kube::{Error, ResourceExt};
use serde_json::json;
use suites::wait::until;
use tokio::sync::Mutex;

use crate::target::Target;

const FINALIZER: &str = "example.com/controlled";

/// After a failure.
const SOON: Duration = Duration::from_secs(1);

/// What a reconciliation is given.
struct Context {
    api: Api<DynamicObject>,
    has_status: bool,
    /// The names of what was cleaned up.
    cleaned: Mutex<BTreeSet<String>>,
}

type Failure = finalizer::Error<Error>;

async fn reconcile(object: Arc<DynamicObject>, context: Arc<Context>) -> Result<Action, Failure> {
    let is_told = |event| {
        let context = Arc::clone(&context);
        async move {
            match event {
                Event::Apply(object) => label(&object, &context).await,
                Event::Cleanup(object) => {
                    context.cleaned.lock().await.insert(object.name_any());
                    Ok(Action::await_change())
                }
            }
        }
    };
    finalizer(&context.api, FINALIZER, object, is_told).await
}

/// Labels an object, and writes which generation was seen.
async fn label(object: &DynamicObject, context: &Context) -> Result<Action, Error> {
    let (name, params) = (object.name_any(), PatchParams::apply("e2e"));
    let patch = json!({"metadata": {"labels": {"seen-by": "kube-rs"}}});
    let labelled = context.api.patch(&name, &params, &Patch::Merge(patch)).await?;
    if context.has_status {
        let patch = json!({"status": {"observedGeneration": labelled.metadata.generation}});
        context.api.patch_status(&name, &params, &Patch::Merge(patch)).await?;
    }
    Ok(Action::await_change())
}

/// What there is and what comes is reconciled; what is deleted goes when it is cleaned up.
pub(crate) async fn controls(target: &Target, api: Api<DynamicObject>, kind: ApiResource) {
    target.create("early").await;
    let has_status = target.kind.has_status;
    let context = Arc::new(Context { api: api.clone(), has_status, cleaned: Mutex::default() });
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let running = Controller::new_with(api, Config::default(), kind)
        .graceful_shutdown_on(async move { drop(stopped.await) })
        .run(reconcile, |_, _, _| Action::requeue(SOON), Arc::clone(&context))
        // An object may be gone before its turn comes: whatever fails is tried again, as in the field.
        .for_each(async |result| result.map_or_else(|error| eprintln!("a reconciliation: {error}"), drop));
    let running = tokio::spawn(running);
    target.create("late").await;
    for name in ["early", "late"] {
        until(&format!("{name} is reconciled"), async || {
            let object = target.read(name).await;
            let metadata = &object["metadata"];
            let is_seen = !has_status || object["status"]["observedGeneration"] == metadata["generation"];
            (metadata["labels"]["seen-by"] == "kube-rs"
                && metadata["finalizers"] == json!([FINALIZER])
                && is_seen)
                .then_some(())
        })
        .await;
    }
    target.holds("kube-rs: a controller reconciles what there is and what comes");
    target.delete("late", json!({})).await.expect(200);
    until("it is gone", async || (target.get(&target.item("late")).await.status == 404).then_some(())).await;
    assert_eq!(*context.cleaned.lock().await, BTreeSet::from(["late".to_owned()]));
    target.holds("kube-rs: what is deleted is cleaned up first");
    drop(stop);
    running.await.expect("the controller ends without a failure");
    target.merge("early", json!({"metadata": {"finalizers": null}})).await;
}
