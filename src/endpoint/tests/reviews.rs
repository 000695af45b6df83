//! How often admission is asked about a write, and of which state of the object.

use super::*;
use crate::admission::{Attributes, Operation};
use crate::registry::{Part, UpdateOptions};
use apimachinery::kind::Hub;
use apimachinery::status::ApiError;
use std::sync::{Mutex, OnceLock};

/// Admission that writes down the label of every object that it is asked to let go.
#[derive(Default)]
struct Keeper {
    seen: Mutex<Vec<String>>,
    /// Where it changes that label, the first time that it is asked.
    registry: OnceLock<Arc<Registry>>,
    refuses: bool,
}

impl Keeper {
    async fn change(&self) {
        let Some(registry) = self.registry.get() else { return };
        let store = registry.store("wardle.example.com", "flunders").unwrap();
        let (part, manager) = (Part::Main, "other");
        let options =
            UpdateOptions { part, status_too: false, dry_run: false, origin: None, manager, is_owned: false };
        let labelled = |stored: &crate::registry::Stored| {
            let mut object = stored.object().boxed();
            object.meta_mut().labels.insert("state".into(), "second".into());
            Ok(object)
        };
        store.update("ns", "a", options, labelled).await.unwrap();
    }
}

#[async_trait::async_trait]
impl Admission for Arc<Keeper> {
    async fn validate(
        &self,
        attributes: &Attributes<'_>,
        object: &dyn Hub,
        _: Option<&dyn Hub>,
    ) -> Result<(), ApiError> {
        if attributes.operation != Operation::Delete {
            return Ok(());
        }
        let label = object.meta().labels.get("state").map_or("first", String::as_str).to_owned();
        attributes.warn([format!("judged {label}")]);
        let is_first = {
            let mut seen = self.seen.lock().unwrap();
            seen.push(label);
            seen.len() == 1
        };
        if is_first {
            self.change().await;
        }
        match self.refuses {
            true => Err(ApiError::forbidden(attributes.definition, attributes.name, "it is kept")),
            false => Ok(()),
        }
    }
}

async fn deleted(keeper: Keeper, is_changed: bool) -> (Answer, Vec<String>) {
    let keeper = Arc::new(keeper);
    let server = Server::admitting(Arc::new(keeper.clone())).await;
    server.create("a").await;
    // The cache is there: a deletion begins with what it has.
    server.get(BASE).await;
    if is_changed {
        assert!(keeper.registry.set(server.registry.clone()).is_ok());
    }
    let answer = server.send(Method::DELETE, &of("a"), &[], "").await;
    let seen = keeper.seen.lock().unwrap().clone();
    (answer, seen)
}

#[tokio::test]
async fn a_deletion_is_judged_once() {
    for (refuses, code) in [(false, 200), (true, 403)] {
        let (answer, seen) = deleted(Keeper { refuses, ..Keeper::default() }, false).await;
        assert_eq!((answer.code.as_u16(), seen), (code, vec!["first".to_owned()]));
        assert_eq!(answer.headers["warning"], "299 - \"judged first\"");
    }
}

#[tokio::test]
async fn a_deletion_that_lost_a_race_is_judged_again_of_the_newer_state() {
    for (refuses, code) in [(false, 200), (true, 403)] {
        let (answer, seen) = deleted(Keeper { refuses, ..Keeper::default() }, true).await;
        assert_eq!((answer.code.as_u16(), seen), (code, vec!["first".to_owned(), "second".to_owned()]));
        assert_eq!(answer.headers.get_all("warning").iter().count(), 2);
    }
}
