//! What is backed up before it is deleted.

use super::super::offer::SNAPSHOT;
use super::conformance::{World, name};
use super::disturbed::request;
use super::*;
use crate::backend::conformance::cut;
use crate::backend::{Answers, Backend, Backup, BackupPhase, Class, Disposal, Phase, Request};
use crate::cluster::Resource;
use databases_api::shared::{DeletionPolicy, State};
use serde_json::json;
use std::time::{Duration, Instant};

const DEADLINE: Duration = Duration::from_secs(60);
pub(super) const LONG_AGO: &str = "2026-01-01T00:00:00Z";

/// A class that gives its objects that part of a spec.
pub(super) fn class(spec: &str) -> Class {
    let map = json!({"apiVersion": "v1", "kind": "ConfigMap", "data": {SPEC_KEY: spec}});
    Class { name: "gold".into(), parameters: map.to_string() }
}

fn snapshot<P: Player>(number: u32) -> Request<PostgreSQL> {
    let mut request = request(number);
    request.class = Some(class(P::backs_up().0));
    request.object.spec.instance.deletion_policy = Some(DeletionPolicy::Snapshot);
    request
}

pub(super) fn now() -> String {
    format!("{:.0}", jiff::Timestamp::now().round(jiff::Unit::Second).expect("a time"))
}

impl<P: Player> World<P> {
    async fn backed_up(&self, request: &Request<PostgreSQL>) -> Backup {
        self.backend().back_up(request).await.expect("it is told")
    }

    async fn backups(&self, kind: &Resource) -> Vec<String> {
        let all = self.stage.all(kind).await;
        all.iter().map(|backup| at(backup, "metadata.name").to_owned()).collect()
    }

    /// The operator has done with a backup.
    async fn ends(&self, kind: &Resource, backup: &Backup, ended: &str, failed: Option<&str>) {
        let object = json!({"metadata": {"name": backup.reference.name}});
        self.stage.tell(kind, &object, P::backup_status(ended, failed)).await;
    }
}

pub(super) async fn a_backup_is_made_before_a_deletion_and_stays<P: Player>(world: &World<P>) {
    let Some(kind) = &P::Dialect::BACKUPS else {
        let told = world.backend().back_up(&request(120)).await;
        return assert!(told.is_err_and(|error| error.message.contains("makes no backups")));
    };
    it_is_offered_where_a_class_gives_it(world).await;
    of_nothing_there_is_no_backup(world, kind).await;
    a_backup_that_fails_is_followed_by_another(world, kind).await;
    what_is_stopped_is_started_for_it(world, kind).await;
}

async fn it_is_offered_where_a_class_gives_it<P: Player>(world: &World<P>) {
    let (given, taken) = P::backs_up();
    let is_offered = async |class: Class| {
        let offer = world.backend().offer(&class).await.expect("an offer");
        assert_eq!(offer.refused, None);
        offer.features.iter().any(|feature| feature == SNAPSHOT)
    };
    assert!(!is_offered(Class::default()).await && !is_offered(class(taken)).await);
    assert!(is_offered(class(given)).await);
    let offer = world.backend().offer(&class("- no\n- spec")).await.expect("an offer");
    assert!(offer.refused.is_some_and(|refusal| refusal.message.contains("of the class")));
    let mut request = snapshot::<P>(121);
    request.parameters = Some(json!({"data": {SPEC_KEY: taken}}).to_string());
    let error = world.backend().ensure(&request).await.expect_err("it is refused");
    assert!(error.message.starts_with("spec.deletionPolicy"), "{error:?}");
    world.removed(&request).await;
}

async fn of_nothing_there_is_no_backup<P: Player>(world: &World<P>, kind: &Resource) {
    let mut request = snapshot::<P>(122);
    assert_eq!(world.backed_up(&request).await, Backup::nothing());
    world.backend().ensure(&request).await.expect("it is begun");
    assert_eq!(world.backed_up(&request).await, Backup::nothing(), "it never was up");
    // It may take a while to go.
    let _ = world.backend().remove(&request, Disposal::Delete).await;
    assert_eq!(world.backed_up(&request).await, Backup::nothing());
    world.removed(&request).await;
    world.backend().ensure(&request).await.expect("it is begun");
    request.object.status.instance.version = world.available(&request).await.version;
    let main = <P::Dialect as Dialect>::MAIN;
    world.stage.api(&main).delete(&name(&request.object), &Default::default()).await.expect("it goes");
    let error = world.backend().back_up(&request).await.expect_err("its data went with it");
    assert!(error.message.contains("is gone"), "{error:?}");
    assert!(world.backups(kind).await.is_empty());
    world.removed(&request).await;
}

async fn a_backup_that_fails_is_followed_by_another<P: Player>(world: &World<P>, kind: &Resource) {
    let mut request = snapshot::<P>(123);
    request.object.status.instance.version = world.available(&request).await.version;
    let called = |number: u32| format!("{}-final-{number}", name(&request.object));
    for steps in [0, 3, 6, 10] {
        cut(world.backend().back_up(&request), steps).await;
    }
    let begun = world.backed_up(&request).await;
    assert_eq!((begun.phase, &*begun.reference.name), (BackupPhase::Running, &*called(1)), "{begun:?}");
    assert_eq!((&*begun.reference.group, &*begun.reference.kind), (kind.group, kind.kind));
    assert_eq!(world.backed_up(&request).await, begun);
    world.ends(kind, &begun, &now(), Some("the bucket is full")).await;
    for _ in 0..2 {
        let failed = world.backed_up(&request).await;
        assert_eq!((failed.phase, &failed.reference), (BackupPhase::Failed, &begun.reference));
        assert!(failed.message.contains("the bucket is full; another one is made at"), "{failed:?}");
    }
    world.ends(kind, &begun, LONG_AGO, Some("the bucket is full")).await;
    let second = world.backed_up(&request).await;
    assert_eq!((second.phase, &*second.reference.name), (BackupPhase::Running, &*called(2)));
    world.ends(kind, &second, &now(), Some("the bucket is full")).await;
    assert_eq!(world.backed_up(&request).await.phase, BackupPhase::Failed);
    for failed in world.backups(kind).await {
        world.stage.api(kind).delete(&failed, &Default::default()).await.expect("it can be deleted");
    }
    let third = world.backed_up(&request).await;
    assert_eq!((third.phase, &*third.reference.name), (BackupPhase::Running, &*called(1)), "at once");
    world.ends(kind, &third, &now(), None).await;
    let made = Backup { phase: BackupPhase::Succeeded, message: String::new(), ..third };
    assert_eq!(world.backed_up(&request).await, made);
    assert!(world.stage.main_object(&name(&request.object)).await.is_some(), "nothing is removed by it");
    world.removed(&request).await;
    assert_eq!(world.backups(kind).await, [called(1)], "it stays");
    assert_eq!(world.backed_up(&request).await, made);
    world.stage.api(kind).delete(&called(1), &Default::default()).await.expect("it can be deleted");
}

async fn what_is_stopped_is_started_for_it<P: Player>(world: &World<P>, kind: &Resource) {
    let mut request = snapshot::<P>(124);
    request.object.status.instance.version = world.available(&request).await.version;
    request.object.spec.instance.state = Some(State::Stopped);
    let deadline = Instant::now() + DEADLINE;
    while world.backend().ensure(&request).await.expect("it is stopped").phase != Phase::Stopped {
        assert!(Instant::now() < deadline, "it does not stop");
        world.stage.play().await;
    }
    let waits = world.backed_up(&request).await;
    assert_eq!(waits.phase, BackupPhase::Running);
    assert!(waits.message.starts_with("it waits for the database"), "{waits:?}");
    assert!(world.backups(kind).await.is_empty(), "a database that is down cannot be backed up");
    let begun = loop {
        world.stage.play().await;
        let begun = world.backed_up(&request).await;
        if !world.backups(kind).await.is_empty() {
            break begun;
        }
        assert!(Instant::now() < deadline, "it does not start");
    };
    assert_eq!(begun.reference, waits.reference);
    world.removed(&request).await;
    world.stage.api(kind).delete(&begun.reference.name, &Default::default()).await.expect("it goes");
}
