//! What every backend does.

use super::*;
use crate::backend::conformance::{self, Driver, Wish};
use crate::backend::operator::Dialect;
use databases_api::postgresql::User;
use databases_api::shared::{RESTARTED_AT, State};
use futures_util::StreamExt;
use kube::runtime::watcher::{self, Event, watcher};
use std::pin::pin;
use tokio::time::timeout;

/// One check's view of a world.
struct Over<'a> {
    world: &'a World,
    backend: Arc<StatefulSetPostgreSQL>,
}

fn kinds() -> Vec<Resource> {
    let beside = StatefulSets::BESIDE.iter().copied();
    [StatefulSets::MAIN].into_iter().chain(beside).chain([crate::cluster::SECRETS]).collect()
}

impl Over<'_> {
    /// Waits until the objects of a kind are as they should be, which a watch tells.
    async fn until(&self, kind: &Resource, what: &str, holds: impl Fn(&[Value]) -> bool) {
        let kubelet = &self.world.kubelet;
        let mut changes = pin!(watcher(kubelet.api(kind), watcher::Config::default()));
        let told = async {
            while let Some(change) = changes.next().await {
                let is_begun = !matches!(change, Ok(Event::Init | Event::InitApply(_)));
                if is_begun && holds(&kubelet.all(kind).await) {
                    return;
                }
            }
        };
        if timeout(DEADLINE, told).await.is_err() {
            panic!("not {what}: {:?}", kubelet.all(kind).await);
        }
    }
}

#[async_trait]
impl Driver for Over<'_> {
    type Kind = PostgreSQL;

    fn backend(&self) -> Arc<dyn Answers<PostgreSQL>> {
        self.backend.clone()
    }

    async fn restart(&mut self) {
        self.backend = self.world.backend();
    }

    fn object(&self, number: u32) -> PostgreSQL {
        let mut object = object("shop", number);
        object.spec.instance.version = VERSION.into();
        object
    }

    fn wish(&self, object: &mut PostgreSQL, wish: Wish) {
        let spec = &mut object.spec;
        match wish {
            Wish::Stopped => spec.instance.state = Some(State::Stopped),
            Wish::Running => spec.instance.state = Some(State::Running),
            Wish::Restart => {
                object.metadata.annotations.insert(RESTARTED_AT.into(), "2026-01-01T00:00:00Z".into());
            }
            Wish::Harmless => spec.users.push(User { name: "etl".into(), ..User::default() }),
            Wish::Refused => spec.instance.version = "9".into(),
            Wish::Accepted => spec.instance.version = VERSION.into(),
        }
    }

    async fn offer_version(&mut self, _: bool) {}

    async fn write(&self, request: &Request<PostgreSQL>, seen: &Observed, row: &str) {
        let client = self.world.connect(&named(&request.object), seen).await;
        let statements =
            format!("CREATE TABLE IF NOT EXISTS rows (row text); INSERT INTO rows VALUES ('{row}')");
        client.batch_execute(&statements).await.expect("it can be written");
    }

    async fn reads(&self, request: &Request<PostgreSQL>, seen: &Observed, row: &str) -> bool {
        let client = self.world.connect(&named(&request.object), seen).await;
        client
            .query_one("SELECT count(*) > 0 FROM rows WHERE row = $1", &[&row])
            .await
            .is_ok_and(|row| row.get(0))
    }

    async fn runs(&self, uid: &str) -> String {
        let sets = self.world.kubelet.all(&StatefulSets::MAIN).await;
        let bound = sets.iter().find(|set| set["metadata"]["labels"][UID_LABEL] == uid);
        bound
            .map(|set| self.world.kubelet.runs(set["metadata"]["name"].as_str().expect("a name")))
            .unwrap_or_default()
    }

    async fn world(&self) -> String {
        let mut found = Vec::new();
        for kind in kinds() {
            let ours = |object: &Value| !object["metadata"]["labels"][UID_LABEL].is_null();
            for mut object in self.world.kubelet.all(&kind).await.into_iter().filter(ours) {
                // Kubernetes' own controllers write those.
                for changing in ["managedFields", "resourceVersion"] {
                    object["metadata"][changing] = Value::Null;
                }
                object["status"] = Value::Null;
                found.push(object.to_string());
            }
        }
        found.join("\n")
    }

    fn cuts(&self) -> Vec<usize> {
        vec![0, 3, 8, 20, 60]
    }

    async fn settle(&self) {
        let are_settled = |sets: &[Value]| sets.iter().all(is_settled);
        self.until(&StatefulSets::MAIN, "as the sets say", are_settled).await;
    }

    async fn clear(&mut self, requests: &[Request<PostgreSQL>]) {
        for request in requests {
            self.backend.remove(request, Disposal::Delete).await.expect("it can be removed");
        }
        self.until(&PODS, "without pods", <[Value]>::is_empty).await;
    }
}

/// Whether Kubernetes has done what a StatefulSet says.
fn is_settled(set: &Value) -> bool {
    let (status, wanted) = (&set["status"], &set["spec"]["replicas"]);
    let number = |value: &Value| value.as_i64().unwrap_or_default();
    dialect::is_observed(set)
        && number(&status["replicas"]) == number(wanted)
        && number(&status["readyReplicas"]) == number(wanted)
        && status["currentRevision"] == status["updateRevision"]
}

/// What it offers is what Kubernetes and the class have, so that it does not shrink by itself.
#[tokio::test(flavor = "multi_thread")]
async fn every_check_of_the_contract() {
    let Some(world) = World::start().await else { return };
    let over = || Over { world: &world, backend: world.backend() };
    conformance::the_reference_is_known_before_and_again(over()).await;
    conformance::a_second_ensure_changes_nothing(over()).await;
    conformance::observing_and_planning_change_nothing(over()).await;
    conformance::no_password_is_shown(over()).await;
    conformance::what_is_planned_is_what_happens(over()).await;
    conformance::a_refused_wish_leaves_what_runs(over()).await;
    conformance::what_was_never_accepted_is_rejected(over()).await;
    conformance::what_is_stopped_keeps_its_data(over()).await;
    conformance::what_is_retained_is_nobody_elses(over()).await;
    conformance::what_is_deleted_is_gone(over()).await;
    conformance::a_removal_may_be_repeated_and_cut_off(over()).await;
    conformance::a_call_that_is_cut_off_anywhere_is_gone_on_from(over()).await;
}
