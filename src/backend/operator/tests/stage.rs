//! Where an operator is played: its objects, and what runs and is stored for each of them.

use super::{Player, Playground, Servers, Told};
use crate::backend::operator::{Dialect, UID_LABEL, at};
use crate::cluster::{Resource, SECRETS};
use kube::api::{Api, ApiResource, DeleteParams, DynamicObject, ListParams, Patch, PatchParams, PostParams};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::marker::PhantomData;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How often a change is looked at.
const POLL: Duration = Duration::from_millis(20);
const DEADLINE: Duration = Duration::from_secs(60);

/// A database of the stage.
#[derive(Default)]
struct Known {
    starts: u32,
    told: Option<Told>,
    spec: Value,
    rows: BTreeSet<String>,
}

pub(in crate::backend) struct Stage<P> {
    client: kube::Client,
    /// By the uid of its main object.
    known: Mutex<BTreeMap<String, Known>>,
    /// Kinds of what was made beside Secrets.
    made: Mutex<Vec<Resource>>,
    /// What runs, where that is needed.
    pub(in crate::backend) servers: Option<Servers>,
    player: PhantomData<P>,
}

fn tree(object: DynamicObject) -> Value {
    serde_json::to_value(object).expect("an object")
}

impl<P: Player> Stage<P> {
    pub(in crate::backend) fn new(playground: &Playground, servers: Option<Servers>) -> Self {
        let client = playground.admin.client().clone();
        Stage { client, known: Mutex::default(), made: Mutex::default(), servers, player: PhantomData }
    }

    fn main() -> Resource {
        <P::Dialect as Dialect>::MAIN
    }

    /// The kinds of the operator and Secrets.
    pub(in crate::backend) fn kinds() -> Vec<Resource> {
        let beside = <P::Dialect as Dialect>::BESIDE.iter().copied();
        [Self::main()].into_iter().chain(beside).chain([SECRETS]).collect()
    }

    /// All kinds of which there may be something.
    pub(in crate::backend) fn made_kinds(&self) -> Vec<Resource> {
        let made = self.made.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Self::kinds().into_iter().chain(made).collect()
    }

    pub(in crate::backend) fn api(&self, resource: &Resource) -> Api<DynamicObject> {
        let kind = ApiResource {
            group: resource.group.into(),
            version: resource.version.into(),
            api_version: resource.api_version(),
            kind: resource.kind.into(),
            plural: resource.plural.into(),
        };
        Api::namespaced_with(self.client.clone(), "default", &kind)
    }

    /// All objects of a kind; none where it is not served.
    pub(in crate::backend) async fn all(&self, resource: &Resource) -> Vec<Value> {
        let found = self.api(resource).list(&ListParams::default()).await;
        found.map(|list| list.items).unwrap_or_default().into_iter().map(tree).collect()
    }

    /// A main object as it is.
    pub(in crate::backend) async fn main_object(&self, name: &str) -> Option<Value> {
        self.api(&Self::main()).get_opt(name).await.expect("the cluster answers").map(tree)
    }

    /// Somebody changes an object.
    pub(in crate::backend) async fn change(&self, resource: &Resource, name: &str, patch: Value) {
        let params = PatchParams { field_manager: Some("somebody".into()), ..PatchParams::default() };
        let changed = self.api(resource).patch(name, &params, &Patch::Merge(patch)).await;
        changed.expect("it can be changed");
    }

    /// Somebody records an event about an object, or that it happened once more.
    pub(in crate::backend) async fn event(&self, name: &str, kind: &str, object: &Value, message: &str) {
        let events = Resource { group: "", version: "v1", kind: "Event", plural: "events" };
        let meta = &object["metadata"];
        let regarding = json!({
            "apiVersion": object["apiVersion"], "kind": object["kind"], "namespace": meta["namespace"],
            "name": meta["name"], "uid": meta["uid"],
        });
        let now = jiff::Timestamp::now();
        let event = json!({
            "apiVersion": "v1", "kind": "Event", "metadata": {"name": name}, "involvedObject": regarding,
            "type": kind, "reason": "FailedCreate", "message": message, "count": now.subsec_nanosecond(),
            "lastTimestamp": format!("{:.0}", now.round(jiff::Unit::Second).expect("a time")),
        });
        let params = PatchParams::apply("operator").force();
        self.api(&events).patch(name, &params, &Patch::Apply(&event)).await.expect("it can be recorded");
    }

    /// Does what is due to every object, once it is done with time enough to be told apart from what was before.
    pub(in crate::backend) async fn play(&self) {
        let all = self.all(&Self::main()).await;
        if let Some(servers) = &self.servers {
            servers.run(&all).await;
        }
        self.end_servers(&all).await;
        for mut main in all {
            if !at(&main, "metadata.deletionTimestamp").is_empty() {
                let ended = json!({"metadata": {"finalizers": null}});
                self.change(&Self::main(), at(&main, "metadata.name"), ended).await;
                continue;
            }
            let deadline = Instant::now() + DEADLINE;
            while is_fresh(&main) {
                assert!(Instant::now() < deadline, "it is changed again and again: {main}");
                tokio::time::sleep(POLL).await;
                let Some(again) = self.main_object(at(&main, "metadata.name")).await else { return };
                main = again;
            }
            self.play_main(&main).await;
        }
        for kind in <P::Dialect as Dialect>::BESIDE {
            for object in self.all(kind).await {
                if object["status"].is_null() && P::restarts(&object) {
                    let uid = &object["metadata"]["labels"][UID_LABEL];
                    self.restart(uid).await;
                }
                let status = P::status_beside(&object);
                if !status.is_null() {
                    self.tell(kind, &object, status).await;
                }
            }
        }
    }

    /// Ends the servers of main objects that are gone, and who was told of them.
    async fn end_servers(&self, all: &[Value]) {
        let ends = |kind: &&Resource| ["StatefulSet", "Endpoints"].contains(&kind.kind);
        for kind in self.made_kinds().iter().filter(ends) {
            for object in self.all(kind).await {
                let name = at(&object, "metadata.name");
                if !all.iter().any(|main| name.starts_with(at(main, "metadata.name"))) {
                    self.api(kind).delete(name, &DeleteParams::default()).await.expect("it can be deleted");
                }
            }
        }
    }

    /// Starts what runs of an object anew.
    async fn restart(&self, uid: &Value) {
        let all = self.all(&Self::main()).await;
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        for main in all.iter().filter(|main| main["metadata"]["labels"][UID_LABEL] == *uid) {
            known.entry(at(main, "metadata.uid").to_owned()).or_default().starts += 1;
        }
    }

    pub(in crate::backend) async fn tell(&self, kind: &Resource, object: &Value, status: Value) {
        let (api, params) = (self.api(kind), PatchParams::default());
        let name = at(object, "metadata.name");
        let patch = Patch::Merge(json!({"status": status}));
        let told = match P::STATUS_IS_APART {
            true => api.patch_status(name, &params, &patch).await,
            false => api.patch(name, &params, &patch).await,
        };
        told.expect("a status can be written");
    }

    async fn play_main(&self, main: &Value) {
        let told = P::told(main);
        let backups = match &P::Dialect::BACKUPS {
            Some(kind) => self.all(kind).await,
            None => Vec::new(),
        };
        if let Some(source) = P::copied(main, &backups) {
            self.copy(main, &source).await;
        }
        if self.takes_up(main, &told) {
            self.tell(&Self::main(), main, P::status(main, &told, true)).await;
        }
        for (name, keys) in P::secrets(main) {
            self.make_secret(main, &name, &keys).await;
        }
        if let Some(servers) = &self.servers {
            for (database, owner, is_given) in P::gives(main) {
                servers.give(at(main, "metadata.name"), &database, &owner, is_given).await;
            }
        }
        for (kind, object) in P::evidence(main, &told) {
            self.make_evidence(&kind, object).await;
        }
        self.tell(&Self::main(), main, P::status(main, &told, false)).await;
    }

    /// What begins as a copy has the rows of the main object of that name.
    async fn copy(&self, main: &Value, source: &str) {
        let rows = self.of(source, |known| known.rows.clone()).await.unwrap_or_default();
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let known = known.entry(at(main, "metadata.uid").to_owned()).or_default();
        if known.told.is_none() {
            known.rows = rows;
        }
    }

    /// Makes something else that the operator or the cluster would, with its status.
    pub(in crate::backend) async fn make_evidence(&self, kind: &Resource, mut object: Value) {
        let status = object["status"].take();
        object.as_object_mut().expect("an object").remove("status");
        (object["apiVersion"], object["kind"]) = (kind.api_version().into(), kind.kind.into());
        let params = PatchParams::apply("operator").force();
        let (api, patch) = (self.api(kind), Patch::Apply(&object));
        api.patch(at(&object, "metadata.name"), &params, &patch).await.expect("it can be made");
        if !status.is_null() {
            let (name, patch) = (at(&object, "metadata.name"), Patch::Merge(json!({"status": status})));
            api.patch_status(name, &PatchParams::default(), &patch).await.expect("a status can be written");
        }
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if !made.contains(kind) {
            made.push(*kind);
        }
    }

    /// Whether there is something new for the operator.
    fn takes_up(&self, main: &Value, told: &Told) -> bool {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let known = known.entry(at(main, "metadata.uid").to_owned()).or_default();
        if !told.sleeps && known.told.as_ref() != Some(told) {
            known.starts += 1;
        }
        let is_news = known.told.as_ref() != Some(told) || known.spec != main["spec"];
        (known.told, known.spec) = (Some(told.clone()), main["spec"].clone());
        is_news
    }

    async fn make_secret(&self, main: &Value, name: &str, keys: &[(&str, String)]) {
        let owner = json!({
            "apiVersion": Self::main().api_version(), "kind": Self::main().kind,
            "name": main["metadata"]["name"], "uid": main["metadata"]["uid"],
        });
        let data: BTreeMap<&str, &String> = keys.iter().map(|(key, text)| (*key, text)).collect();
        let secret = json!({
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": name, "ownerReferences": [owner]},
            "stringData": data,
        });
        let secret = serde_json::from_value(secret).expect("a Secret");
        // It may be there.
        let _ = self.api(&SECRETS).create(&PostParams::default(), &secret).await;
    }

    async fn of<T>(&self, name: &str, look: impl FnOnce(&mut Known) -> T) -> Option<T> {
        let main = self.main_object(name).await?;
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.get_mut(at(&main, "metadata.uid")).map(look)
    }

    /// A client writes a row.
    pub(in crate::backend) async fn write(&self, name: &str, row: &str) {
        let written = self.of(name, |known| known.rows.insert(row.into())).await;
        assert!(written.is_some(), "{name} is there");
    }

    /// Whether a client reads it.
    pub(in crate::backend) async fn reads(&self, name: &str, row: &str) -> bool {
        self.of(name, |known| known.rows.contains(row)).await == Some(true)
    }

    /// What runs.
    pub(in crate::backend) async fn runs(&self, name: &str) -> String {
        let look = |known: &mut Known| {
            let is_up = known.told.as_ref().is_some_and(|told| !told.sleeps);
            is_up.then(|| format!("start {}", known.starts))
        };
        self.of(name, look).await.flatten().unwrap_or_default()
    }
}

/// Whether an object was changed in this second, as far as whole seconds tell.
fn is_fresh(object: &Value) -> bool {
    let entries = object["metadata"]["managedFields"].as_array().expect("entries");
    let is_status =
        |entry: &&Value| entry["subresource"] == "status" || entry["fieldsV1"]["f:status"].is_object();
    let ours = entries.iter().filter(|entry| !is_status(entry));
    let last = ours.map(|entry| at(entry, "time").parse::<jiff::Timestamp>().expect("a time")).max();
    last.is_some_and(|last| jiff::Timestamp::now().duration_since(last).as_secs() < 1)
}
