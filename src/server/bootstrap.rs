//! The objects that every cluster has.

use crate::registry::{CreateOptions, Registry};
use apimachinery::kind::Hub;
use apimachinery::status::ApiError;
use databases_api::core::Namespace;
use std::sync::Arc;

const NAMESPACES: [&str; 2] = ["default", "kube-system"];

/// Waits for the caches and creates what is missing.
pub(super) async fn run(registry: &Arc<Registry>) -> Result<(), ApiError> {
    for store in registry.stores() {
        store.ready().await;
    }
    let Some(store) = registry.store("", "namespaces") else { return Ok(()) };
    for name in NAMESPACES {
        let mut namespace = Namespace::default();
        Hub::meta_mut(&mut namespace).name = name.to_owned();
        match store.create("", Box::new(namespace), CreateOptions::default()).await {
            Err(error) if error.reason() != "AlreadyExists" => return Err(error),
            _ => {}
        }
    }
    Ok(())
}
