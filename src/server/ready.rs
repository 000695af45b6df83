//! The checks behind `/readyz`.

use crate::endpoint::Check;
use crate::registry::Registry;
use crate::serve::Shutdown;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};

struct Caches(Weak<Registry>);

impl Check for Caches {
    fn name(&self) -> &str {
        "informer-sync"
    }
    fn check(&self) -> Result<(), String> {
        match self.0.upgrade() {
            Some(registry) if registry.is_ready() => Ok(()),
            _ => Err("the caches are not filled yet".into()),
        }
    }
}

/// Every cache holds its whole state.
pub(super) fn caches(registry: &Arc<Registry>) -> Arc<dyn Check> {
    Arc::new(Caches(Arc::downgrade(registry)))
}

struct StoredObjects(Weak<Registry>);

impl Check for StoredObjects {
    fn name(&self) -> &str {
        "stored-objects"
    }
    fn check(&self) -> Result<(), String> {
        match self.0.upgrade().map_or(0, |registry| registry.unreadable().len()) {
            0 => Ok(()),
            count => Err(format!("{count} cannot be read; the log and /metrics name them")),
        }
    }
    fn is_advice(&self) -> bool {
        true
    }
}

/// Every stored object can be read; the others are served all the same.
pub(super) fn stored_objects(registry: &Arc<Registry>) -> Arc<dyn Check> {
    Arc::new(StoredObjects(Arc::downgrade(registry)))
}

/// What has to be done before anything is served.
#[derive(Default)]
pub(super) struct Started(AtomicBool);

impl Started {
    pub(super) fn done(&self) {
        self.0.store(true, Ordering::Release);
    }
}

impl Check for Started {
    fn name(&self) -> &str {
        "poststarthook/bootstrap"
    }
    fn check(&self) -> Result<(), String> {
        if self.0.load(Ordering::Acquire) { Ok(()) } else { Err("the server is starting".into()) }
    }
}

/// What the cluster says of users is known.
#[derive(Default)]
pub(super) struct Authentication(tokio::sync::watch::Sender<bool>);

impl Authentication {
    pub(super) fn done(&self) {
        self.0.send_replace(true);
    }

    /// Returns once it is known.
    pub(super) async fn ready(&self) {
        // The sender is this very value.
        let _ = self.0.subscribe().wait_for(|known| *known).await;
    }
}

impl Check for Authentication {
    fn name(&self) -> &str {
        "poststarthook/authentication"
    }
    fn check(&self) -> Result<(), String> {
        if *self.0.borrow() {
            Ok(())
        } else {
            Err("whom the cluster believes about users is not known yet".into())
        }
    }
}

struct Ending(Shutdown);

impl Check for Ending {
    fn name(&self) -> &str {
        "shutdown"
    }
    fn check(&self) -> Result<(), String> {
        if self.0.announced().is_cancelled() { Err("the server is shutting down".into()) } else { Ok(()) }
    }
}

/// The server is not about to end.
pub(super) fn shutdown(shutdown: &Shutdown) -> Arc<dyn Check> {
    Arc::new(Ending(shutdown.clone()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_is_to_end_is_unready_at_once() {
        let end = Shutdown::new();
        let check = shutdown(&end);
        assert_eq!((check.name(), check.check()), ("shutdown", Ok(())));
        end.begin();
        assert!(check.check().is_err() && !check.is_advice());
    }

    #[tokio::test]
    async fn a_server_is_unready_until_its_caches_are_filled_and_it_knows_whom_to_believe() {
        let storage = databases_storage::engine::Config::Memory(databases_storage::engine::memory::Config);
        let storage = databases_storage::engine::open(storage).await.unwrap();
        let admission: Arc<dyn crate::admission::Admission> = Arc::new(crate::admission::Chain(Vec::new()));
        let plain = |_: &_| databases_storage::encryption::Transformer::default();
        let registry = Registry::open(&core_v1::definitions()[..1], &storage, &plain, &admission);
        let check = caches(&registry);
        assert_eq!(check.name(), "informer-sync");
        registry.stores()[0].ready().await;
        assert_eq!(check.check(), Ok(()));
        let (known, started) = (Authentication::default(), Started::default());
        assert!(known.check().is_err() && started.check().is_err());
        known.done();
        started.done();
        assert!(known.check().is_ok() && started.check().is_ok());
        drop(registry);
        assert!(check.check().is_err());
    }
}
