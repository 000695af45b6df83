//! Whether the tests find a class that lies, and what the reports of classes say of each other.

mod comparison;
mod liar;
mod lies;
mod waiting;

use super::checks::TESTS;
use super::class::Class;
use super::failure::Failure;
use super::follow::eventually;
use super::run::{Result as Became, run};
use super::seen::Seen;
use super::suite::{Limits, Suite, resource};
use crate::backend::{LocalPostgreSQL, local};
use crate::standard::tests::{CLASSES, Server};
use futures_util::StreamExt;
use kube::api::{Api, DynamicObject};
use liar::{CONTROLLER_NAME, Liar};
use lies::Lie;
use serde_json::json;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

const LIMITS: Limits = Limits {
    timeout: Duration::from_secs(120),
    grace: Duration::from_secs(10),
    quiet: Duration::from_secs(3),
};
/// Lies that are told at one time.
const AT_ONCE: usize = 4;
/// Of a hundred lies, so many have to be found.
const FOUND: usize = 95;
/// Ports that no other test's data root has.
const PORTS: std::ops::RangeInclusive<u16> = 16500..=16999;

/// A data root; whatever still runs in it ends with it.
struct Root(tempfile::TempDir);

impl Root {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
        Root(folder)
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("root")
    }
}

impl Drop for Root {
    fn drop(&mut self) {
        let instances = std::fs::read_dir(self.path().join("instances")).into_iter().flatten().flatten();
        for instance in instances {
            let servers = std::fs::read_dir(instance.path()).into_iter().flatten().flatten();
            servers.for_each(|server| liar::signal(&server.path(), nix::sys::signal::Signal::SIGQUIT));
        }
    }
}

/// The backend that may lie, over real servers; none, and said so, where there is no PostgreSQL.
async fn opened(root: &Path) -> Option<Arc<Liar>> {
    let options = local::Options { ports: PORTS, ..local::Options::default() };
    match LocalPostgreSQL::open(root.to_owned(), options, true).await {
        Err(local::Error::NoUser(user)) => {
            eprintln!("SKIPPED: there is no user {user}");
            None
        }
        opened => Some(Arc::new(Liar::new(opened.unwrap(), root.to_owned()))),
    }
}

/// The class that tells a lie, as a run finds it.
async fn class(server: &Server, name: &str) -> Class {
    let spec = json!({"metadata": {"name": name}, "spec": {"controllerName": CONTROLLER_NAME}});
    assert_eq!(server.post(CLASSES, spec).await.0, 201, "{name}");
    let api: Api<DynamicObject> = Api::all_with(server.kube(), &resource("DatabaseClass", "databaseclasses"));
    let accepted = eventually(LIMITS.timeout, "the class is accepted", async || {
        Class::of(&Seen(serde_json::to_value(api.get(name).await?).unwrap_or_default()))
    });
    accepted.await.unwrap_or_else(|error| panic!("{error}"))
}

/// What the tests that should find a lie make of it: the first that does, with its words.
async fn tried(server: &Server, lie: &'static Lie) -> Result<String, Failure> {
    let suite = Suite::new(server.kube(), class(server, lie.name).await, "demo", LIMITS);
    let outcomes = run(&suite, TESTS, |test| test.name == lie.found_by, |_| {}).await;
    let left = suite.clean().await;
    let failed = outcomes.iter().find_map(|outcome| match &outcome.result {
        Became::Fail(why) => Some(format!("{}: {why}", outcome.test.name)),
        _ => None,
    });
    let late = format!("not within {} s", LIMITS.timeout.as_secs());
    match failed {
        // Waiting to the end finds every lie, and every slow machine.
        Some(why) if why.contains(&late) => Err(Failure::new(why)),
        Some(why) => Ok(why),
        None => Err(Failure::new(format!("every test passed; {left:?}"))),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_class_that_lies_is_found() {
    let root = Root::new();
    let Some(liar) = opened(&root.path()).await else { return };
    let server = Server::with(vec![liar.clone()]).await;
    let server = &server;
    let told = futures_util::stream::iter(lies::all()).map(async |lie| (lie, tried(server, lie).await));
    let all: Vec<_> = told.buffer_unordered(AT_ONCE).collect().await;
    let mut missed = Vec::new();
    for (lie, found) in &all {
        match found {
            Ok(why) => println!("found      {}: {why}", lie.name),
            Err(why) => missed.push(format!("NOT FOUND  {}: {why}", lie.name)),
        }
    }
    crate::backend::Backend::close(&*liar).await;
    println!("{} of {} lies are found", all.len() - missed.len(), all.len());
    let enough = (all.len() - missed.len()) * 100 >= all.len() * FOUND;
    assert!(enough && all.len() >= 40, "{}", missed.join("\n"));
}

#[test]
fn every_lie_is_tried_by_tests_that_there_are() {
    for (at, lie) in lies::all().enumerate() {
        assert!(TESTS.iter().any(|test| test.name == lie.found_by), "{}: {}", lie.name, lie.found_by);
        assert!(lies::all().take(at).all(|other| other.name != lie.name), "{}", lie.name);
    }
}

#[test]
fn names_of_tests_are_unique_and_their_features_known() {
    let known = databases_api::features::known(&databases_api::postgresql::FACTS);
    for (at, test) in TESTS.iter().enumerate() {
        assert!(TESTS[..at].iter().all(|other| other.name != test.name), "{}", test.name);
        for feature in test.features {
            assert!(known.contains(feature), "{}: {feature}", test.name);
        }
    }
}
