//! What persons and operators do to the objects of ours, and what becomes of it.

use super::super::offer::{EXPANSION, STORAGE_CLASSES};
use super::conformance::{World, name};
use super::*;
use crate::backend::{
    Answers, Backend, Class, Code, Disposal, Endpoint, Observed, Phase, Request, Scope, Warning,
};
use crate::cluster::{SECRETS, SERVICES};
use databases_api::shared::ObjectRef;
use futures_util::StreamExt;
use serde_json::json;
use std::time::{Duration, Instant};

const DEADLINE: Duration = Duration::from_secs(60);

pub(super) fn request(number: u32) -> Request<PostgreSQL> {
    let class = Class { name: "gold".into(), ..Class::default() };
    Request { class: Some(class), parameters: Some(String::new()), ..Request::new(object("shop", number)) }
}

impl<P: Player> World<P> {
    pub(super) async fn available(&self, request: &Request<PostgreSQL>) -> Observed {
        let deadline = Instant::now() + DEADLINE;
        loop {
            match self.backend().ensure(request).await {
                Ok(observed) if observed.is_settled() => return observed,
                other => assert!(Instant::now() < deadline, "not available: {other:?}"),
            }
            self.stage.play().await;
        }
    }

    pub(super) async fn removed(&self, request: &Request<PostgreSQL>) {
        let deadline = Instant::now() + DEADLINE;
        while let Err(error) = self.backend().remove(request, Disposal::Delete).await {
            assert!(Instant::now() < deadline, "not removed: {error:?}");
            self.stage.play().await;
        }
    }

    pub(super) async fn main_of(&self, request: &Request<PostgreSQL>) -> serde_json::Value {
        self.stage.main_object(&name(&request.object)).await.expect("it is there")
    }
}

pub(super) async fn what_is_done_behind_our_back_is_answered<P: Player>() {
    let Some(world) = World::<P>::start().await else { return };
    larger_volumes_are_offered_where_they_can_be_made(&world).await;
    what_is_ours_is_put_right_and_the_rest_is_left(&world).await;
    what_another_object_has_is_left_alone(&world).await;
    what_is_deleted_by_somebody_is_not_made_anew(&world).await;
    parameters_that_the_cluster_refuses_are_refused_in_its_words(&world).await;
    values_that_the_server_would_not_take_are_not_applied(&world).await;
    an_implementation_is_adopted_as_it_is_and_left_as_it_is(&world).await;
    what_was_to_be_deleted_and_is_retained_is_as_it_was(&world).await;
    secrets_outlast_the_servers_that_start_with_them(&world).await;
    what_the_operator_warns_of_is_told_once(&world).await;
    an_address_from_outside_is_told_once_there_is_one(&world).await;
    super::pooled::poolers_are_told_of_changed_and_taken_away(&world).await;
    super::copied::a_copy_has_the_data_and_goes_its_own_way(&world).await;
    super::backed_up::a_backup_is_made_before_a_deletion_and_stays(&world).await;
}

async fn an_address_from_outside_is_told_once_there_is_one<P: Player>(world: &World<P>) {
    let mut request = request(112);
    request.object.spec.instance.network = exposed(&json!({"type": "LoadBalancer"})).spec.instance.network;
    let deadline = Instant::now() + DEADLINE;
    let seen = loop {
        let seen = world.backend().ensure(&request).await;
        match seen {
            Ok(seen) if seen.phase == Phase::Available && seen.pending.is_some() => break seen,
            other => assert!(Instant::now() < deadline, "not available: {other:?}"),
        }
        world.stage.play().await;
    };
    assert!(seen.endpoints.iter().all(|endpoint| endpoint.scope == Scope::Cluster), "{seen:?}");
    let service = P::Dialect::default().exposed(&name(&request.object)).expect("a Service");
    let ports = json!([{"name": "postgresql", "port": 5432}]);
    let balancer = json!({
        "metadata": {"name": service}, "spec": {"type": "LoadBalancer", "ports": ports},
        "status": {"loadBalancer": {"ingress": [{"ip": "192.0.2.1"}]}},
    });
    world.stage.make_evidence(&SERVICES, balancer).await;
    let seen = world.available(&request).await;
    let inside = seen.endpoints.iter().find(|endpoint| endpoint.is_main()).expect("an address inside");
    let outside = Endpoint { host: "192.0.2.1".into(), scope: Scope::External, ..inside.clone() };
    assert!(seen.endpoints.contains(&outside), "{seen:?}");
    world.removed(&request).await;
}

async fn secrets_outlast_the_servers_that_start_with_them<P: Player>(world: &World<P>) {
    let request = request(121);
    world.available(&request).await;
    let kinds = world.stage.made_kinds();
    if kinds.iter().any(|kind| kind.kind == "StatefulSet") {
        let (secret, _) = P::secrets(&world.main_of(&request).await).remove(0);
        let secrets = world.stage.api(&SECRETS);
        // The cluster is not to collect it.
        world.stage.change(&SECRETS, &secret, json!({"metadata": {"ownerReferences": null}})).await;
        for _ in 0..2 {
            let waits =
                world.backend().remove(&request, Disposal::Delete).await.expect_err("servers are there");
            assert!(waits.message.contains("has not deleted"), "{waits:?}");
        }
        assert!(secrets.get_opt(&secret).await.expect("an answer").is_some());
        world.removed(&request).await;
        assert!(secrets.get_opt(&secret).await.expect("an answer").is_none());
    }
    world.removed(&request).await;
}

async fn what_the_operator_warns_of_is_told_once<P: Player>(world: &World<P>) {
    let (ours, theirs) = (request(108), request(109));
    for request in [&ours, &theirs] {
        world.available(request).await;
    }
    world.backend().remove(&theirs, Disposal::Retain).await.expect("it is retained");
    let backend = world.backend();
    backend.offer(&Class::default()).await.expect("an offer");
    let mut warnings = backend.warnings();
    let main = world.main_of(&ours).await;
    world.stage.event("a", "Normal", &main, "all is well").await;
    world.stage.event("b", "Warning", &world.main_of(&theirs).await, "not ours").await;
    world.stage.event("c", "Warning", &main, "no room").await;
    world.stage.event("c", "Warning", &main, "no room").await;
    let mut replaced = main.clone();
    replaced["metadata"]["uid"] = "another".into();
    world.stage.event("d", "Warning", &replaced, "of one that was there before").await;
    world.stage.event("e", "Warning", &main, "no room again").await;
    let (uid, name) = (ours.object.metadata.uid.clone(), name(&ours.object));
    for message in ["no room", "no room again"] {
        let heard =
            tokio::time::timeout(DEADLINE, warnings.next()).await.expect("in time").expect("a warning");
        let message = format!("{} {name}: {message}", <P::Dialect as Dialect>::MAIN.kind);
        assert_eq!(heard, Warning { uid: uid.clone(), reason: "FailedCreate".into(), message });
    }
    world.removed(&ours).await;
}

async fn larger_volumes_are_offered_where_they_can_be_made<P: Player>(world: &World<P>) {
    let grows = async || {
        let offer = world.backend().offer(&Class::default()).await.expect("an offer");
        offer.features.iter().any(|feature| feature == EXPANSION)
    };
    let mut class = json!({
        "apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": {"name": "fixed"},
        "provisioner": "example.com/none",
    });
    world.playground.make(&STORAGE_CLASSES, &class).await;
    assert!(!grows().await, "volumes stay as they are");
    class["metadata"]["name"] = "grows".into();
    class["allowVolumeExpansion"] = true.into();
    world.playground.make(&STORAGE_CLASSES, &class).await;
    assert!(grows().await);
}

async fn what_is_ours_is_put_right_and_the_rest_is_left<P: Player>(world: &World<P>) {
    let request = request(101);
    world.available(&request).await;
    let (main, name) = (<P::Dialect as Dialect>::MAIN, name(&request.object));
    let before = world.main_of(&request).await;
    let (ours, theirs) = P::edits();
    world.stage.change(&main, &name, theirs.clone()).await;
    world.stage.change(&main, &name, ours).await;
    world.available(&request).await;
    let after = world.main_of(&request).await;
    let wanted = shape::overlay(before["spec"].clone(), theirs["spec"].clone());
    assert_eq!(after["spec"], wanted, "drift is put right");
    assert!(shape::covers(&after, &theirs, &[]), "a person's own fields stay: {after}");
    world.removed(&request).await;
}

async fn what_another_object_has_is_left_alone<P: Player>(world: &World<P>) {
    let (first, mut second) = (request(102), request(103));
    world.available(&first).await;
    let reference = world.backend().reference(&first).await.expect("a reference");
    let (group, kind, name) = (reference.group, reference.kind, reference.name);
    second.object.spec.instance.adopt_ref = Some(ObjectRef { group, kind, name, ..ObjectRef::default() });
    let error = world.backend().ensure(&second).await.expect_err("it is another's");
    assert_eq!((error.code, &*error.reason), (Code::InvalidArgument, "Conflict"), "{error:?}");
    assert!(error.message.contains("shop"), "{error:?}");
    world.removed(&second).await;
    world.available(&first).await;
    world.removed(&first).await;
}

async fn what_is_deleted_by_somebody_is_not_made_anew<P: Player>(world: &World<P>) {
    let mut request = request(104);
    let made = world.available(&request).await;
    request.object.status.instance.version = made.version;
    let (main, name) = (<P::Dialect as Dialect>::MAIN, name(&request.object));
    world.stage.api(&main).delete(&name, &Default::default()).await.expect("it can be deleted");
    for _ in 0..2 {
        let seen = world.backend().ensure(&request).await.expect("it is told");
        assert_eq!(seen.phase, Phase::Failing);
        assert!(seen.message.contains(&name) && seen.message.contains("gone"), "{}", seen.message);
    }
    assert!(world.stage.main_object(&name).await.is_none(), "an empty one would be taken for the old one");
    world.removed(&request).await;
}

async fn parameters_that_the_cluster_refuses_are_refused_in_its_words<P: Player>(world: &World<P>) {
    let mut request = request(105);
    let (accepted, refused) = P::parameters();
    let map = |spec: &str| Some(json!({"data": {"spec": spec}}).to_string());
    request.parameters = map(refused);
    let error = world.backend().ensure(&request).await.expect_err("it is refused");
    assert_eq!((error.code, &*error.reason), (Code::InvalidArgument, "InvalidParameters"), "{error:?}");
    request.parameters = map(accepted);
    world.available(&request).await;
    assert!(
        world.stage.main_object(&name(&request.object)).await.is_some_and(|main| P::has_parameters(&main))
    );
    request.parameters = map(refused);
    let kept = world.backend().ensure(&request).await.expect("it is kept");
    assert_eq!(
        (kept.phase, kept.refused.expect("a refusal").reason.as_str()),
        (Phase::Available, "InvalidParameters")
    );
    request.parameters = map("- no\n- spec");
    assert!(world.backend().ensure(&request).await.expect("it is kept").refused.is_some());
    world.removed(&request).await;
}

async fn values_that_the_server_would_not_take_are_not_applied<P: Player>(world: &World<P>) {
    if !P::HAS_SERVERS {
        return;
    }
    let mut request = request(108);
    request.object.status.instance.version = world.available(&request).await.version;
    let before = world.main_of(&request).await;
    request.object.spec.instance.parameters.insert("work_mem".into(), "plenty".into());
    for _ in 0..2 {
        let kept = world.backend().ensure(&request).await.expect("it is kept");
        let refusal = kept.refused.expect("a refusal");
        assert_eq!((kept.phase, refusal.reason.as_str()), (Phase::Available, "InvalidParameters"));
        assert!(refusal.message.contains("spec.parameters[work_mem]"), "{}", refusal.message);
    }
    assert_eq!(world.main_of(&request).await["spec"], before["spec"]);
    request.object.spec.instance.parameters.clear();
    assert_eq!(world.available(&request).await.refused, None);
    world.removed(&request).await;
}

async fn an_implementation_is_adopted_as_it_is_and_left_as_it_is<P: Player>(world: &World<P>) {
    let old = request(106);
    world.available(&old).await;
    world.stage.write(&name(&old.object), "row").await;
    world.backend().remove(&old, Disposal::Retain).await.expect("it is retained");
    let before = world.main_of(&old).await;
    assert_eq!(before["metadata"]["labels"][UID_LABEL], serde_json::Value::Null);
    let runs = world.stage.runs(&name(&old.object)).await;
    let mut new = request(107);
    let reference = world.backend().reference(&old).await.expect("a reference");
    let (group, kind, named) = (reference.group, reference.kind, reference.name);
    new.object.spec.instance.adopt_ref = Some(ObjectRef { group, kind, name: named, ..ObjectRef::default() });
    let adopted = world.available(&new).await;
    assert_eq!(adopted.logins.first().map(|login| &*login.username), Some("app"), "{adopted:?}");
    let after = world.main_of(&old).await;
    assert_eq!(after["spec"], before["spec"]);
    assert_eq!(runs, world.stage.runs(&name(&old.object)).await, "without a restart");
    assert!(world.stage.reads(&name(&old.object), "row").await);
    world.backend().remove(&new, Disposal::Retain).await.expect("it is retained");
    assert_eq!(world.main_of(&old).await["spec"], before["spec"]);
    let mut last = request(110);
    last.object.spec.instance.adopt_ref = new.object.spec.instance.adopt_ref.clone();
    world.available(&last).await;
    world.removed(&last).await;
    let of_roles = format!("{}-role-", name(&old.object));
    let left = world
        .stage
        .all(&SECRETS)
        .await
        .into_iter()
        .filter(|left| at(left, "metadata.name").contains(&of_roles));
    assert_eq!(left.count(), 0, "what was kept goes with who took it up");
}

async fn what_was_to_be_deleted_and_is_retained_is_as_it_was<P: Player>(world: &World<P>) {
    let request = request(111);
    world.available(&request).await;
    let before = world.main_of(&request).await;
    for _ in 0..2 {
        world.backend().announce_end(&world.main_of(&request).await).await.expect("it is said");
    }
    world.backend().remove(&request, Disposal::Retain).await.expect("it is retained");
    let after = world.main_of(&request).await;
    assert_eq!(
        (&after["spec"], &after["metadata"]["finalizers"]),
        (&before["spec"], &before["metadata"]["finalizers"])
    );
    let left = after["metadata"]["annotations"].as_object().into_iter().flatten();
    let left: Vec<_> = left.filter(|(name, _)| before["metadata"]["annotations"][*name].is_null()).collect();
    assert!(left.is_empty(), "{left:?}");
}
