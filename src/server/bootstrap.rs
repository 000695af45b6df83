//! The objects that every cluster has.

use crate::registry::{CreateOptions, Registry, Store};
use apimachinery::kind::Hub;
use apimachinery::status::ApiError;
use core_v1::Namespace;
use std::sync::Arc;
use std::time::Duration;

/// How soon again, when the store does not answer.
const AGAIN: Duration = Duration::from_secs(1);
const NAMESPACES: [&str; 2] = ["default", "kube-system"];

/// Waits for the caches and creates what is missing, in the name of a program.
pub(crate) async fn run(registry: &Arc<Registry>, manager: &str) -> Result<(), ApiError> {
    for store in registry.stores() {
        store.ready().await;
    }
    let Some(store) = registry.store("", "namespaces") else { return Ok(()) };
    for name in NAMESPACES {
        let mut namespace = Namespace::default();
        Hub::meta_mut(&mut namespace).name = name.to_owned();
        Hub::default_fields(&mut namespace);
        create(store, &namespace, manager).await?;
    }
    Ok(())
}

/// Creates it, however long the store takes to answer.
async fn create(store: &Store, namespace: &Namespace, manager: &str) -> Result<(), ApiError> {
    loop {
        let options = CreateOptions { manager, ..CreateOptions::default() };
        match store.create("", Box::new(namespace.clone()), options).await {
            Err(error) if error.retry_after().is_some() => {
                tracing::warn!(%error, "the store is not prepared yet; trying again");
                tokio::time::sleep(AGAIN).await;
            }
            Err(error) if error.reason() != "AlreadyExists" => return Err(error),
            _ => return Ok(()),
        }
    }
}
