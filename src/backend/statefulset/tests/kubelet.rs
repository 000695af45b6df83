//! A kubelet, played: what the pods of StatefulSets run is really run, as processes of this machine, from the files that
//! they would mount. Each pod has an address of its own on the loopback interface, and so has each Service for writing.

use super::process::{give, kill_all, signal};
use super::*;
use crate::backend::operator::at;
use crate::backend::operator::tests::Playground;
use kube::api::{
    Api, ApiResource, DeleteParams, DynamicObject, ListParams, Patch, PatchParams, PostParams, Preconditions,
};
use serde_json::json;
use std::collections::BTreeMap;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Child;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::task::JoinHandle;
use tokio::time::MissedTickBehavior;

const POLL: Duration = Duration::from_millis(50);
/// The node that all pods are given to. One without a node would be gone from the API before it has ended.
const NODE: &str = "node";
/// A node that says nothing for long is given up.
const HEARTBEAT: Duration = Duration::from_secs(5);
/// Pods and Services get addresses one after the other.
static NEXT_ADDRESS: AtomicU32 = AtomicU32::new(0x7f0a_0001);

pub(super) fn address() -> String {
    std::net::Ipv4Addr::from(NEXT_ADDRESS.fetch_add(1, Ordering::Relaxed)).to_string()
}

/// A pod that was given to this node.
struct Running {
    name: String,
    set: String,
    address: String,
    process: Child,
    starts: u32,
    was_told_to_end: bool,
}

#[derive(Default)]
pub(super) struct State {
    /// By uid.
    running: BTreeMap<String, Running>,
    /// The address of the Service of a set.
    pub(super) services: BTreeMap<String, String>,
    /// The address of the pod that it leads to.
    pub(super) primaries: Arc<Mutex<BTreeMap<String, String>>>,
    /// Pods whose node is away: nothing of them runs, and nobody says so.
    lost: Vec<String>,
    /// Pods that are not started yet, by name.
    held: Vec<String>,
}

pub(super) struct Kubelet {
    client: kube::Client,
    pub(super) folder: tempfile::TempDir,
    state: Mutex<State>,
    pub(super) proxies: Mutex<Vec<JoinHandle<()>>>,
}

fn kind(resource: &Resource) -> ApiResource {
    ApiResource {
        group: resource.group.into(),
        version: resource.version.into(),
        api_version: resource.api_version(),
        kind: resource.kind.into(),
        plural: resource.plural.into(),
    }
}

pub(super) fn core(kind: &'static str, plural: &'static str) -> Resource {
    Resource { group: "", version: "v1", kind, plural }
}

impl Kubelet {
    /// Runs until it is dropped.
    pub(super) fn start(playground: &Playground) -> Arc<Self> {
        let folder = tempfile::tempdir().expect("a folder");
        fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).expect("it is ours");
        let kubelet = Arc::new(Kubelet {
            client: playground.admin.client().clone(),
            folder,
            state: Mutex::default(),
            proxies: Mutex::default(),
        });
        let weak = Arc::downgrade(&kubelet);
        tokio::spawn(async move {
            let (mut beat, mut looks) = (None::<Instant>, tokio::time::interval(POLL));
            looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            while let Some(kubelet) = weak.upgrade() {
                if beat.is_none_or(|beat| beat.elapsed() >= HEARTBEAT) {
                    kubelet.beat().await;
                    beat = Some(Instant::now());
                }
                kubelet.look().await;
                drop(kubelet);
                looks.tick().await;
            }
        });
        kubelet
    }

    pub(super) fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn api(&self, resource: &Resource) -> Api<DynamicObject> {
        Api::namespaced_with(self.client.clone(), "default", &kind(resource))
    }

    pub(super) async fn all(&self, resource: &Resource) -> Vec<Value> {
        let found = self.api(resource).list(&ListParams::default()).await.map(|list| list.items);
        let tree = |object| serde_json::to_value(object).expect("an object");
        found.unwrap_or_default().into_iter().map(tree).collect()
    }

    pub(super) async fn get(&self, resource: &Resource, name: &str) -> Option<Value> {
        let found = self.api(resource).get_opt(name).await.ok().flatten()?;
        serde_json::to_value(found).ok()
    }

    /// What runs of a set, each start told apart.
    pub(super) fn runs(&self, set: &str) -> String {
        let state = self.state();
        let of_set =
            state.running.iter().filter(|(_, running)| running.set == set && !running.was_told_to_end);
        of_set.map(|(uid, running)| format!("{uid}/{} ", running.starts)).collect()
    }

    /// Where the primary of a set is reached.
    pub(super) fn service(&self, set: &str) -> Option<String> {
        self.state().services.get(set).cloned()
    }

    /// The addresses of the pods of a set.
    pub(super) fn addresses(&self, set: &str) -> Vec<String> {
        let state = self.state();
        state
            .running
            .values()
            .filter(|running| running.set == set)
            .map(|running| running.address.clone())
            .collect()
    }

    /// The node of a pod burns down.
    pub(super) fn lose(&self, pod: &str) {
        let mut state = self.state();
        let uid = state.running.iter().find(|(_, running)| running.name == pod).map(|(uid, _)| uid.clone());
        let mut running = state.running.remove(&uid.clone().expect("it runs")).expect("it runs");
        state.lost.push(uid.expect("it runs"));
        kill_all(running.process.id());
        running.process.wait().expect("it ended");
    }

    /// A person says that the node of a pod will not come back.
    pub(super) async fn forget(&self, pod: &str) {
        let params = DeleteParams { grace_period_seconds: Some(0), ..DeleteParams::default() };
        self.api(&PODS).delete(pod, &params).await.expect("it can be deleted");
    }

    /// Pods of that name are not started from now on.
    pub(super) fn hold(&self, pod: &str) {
        self.state().held.push(pod.to_owned());
    }

    /// They are.
    pub(super) fn release(&self) {
        self.state().held.clear();
    }

    async fn look(&self) {
        let pods = self.all(&PODS).await;
        self.point(&pods);
        for pod in &pods {
            let uid = at(pod, "metadata.uid");
            let name = at(pod, "metadata.name");
            let is_away = |state: &State| {
                state.lost.iter().any(|lost| lost == uid) || state.held.iter().any(|held| held == name)
            };
            if is_away(&self.state()) {
                continue;
            }
            match at(pod, "metadata.deletionTimestamp") {
                "" => self.run(pod).await,
                _ => self.end(pod).await,
            }
        }
    }

    /// Services lead to the pod that is labelled so, and ready.
    fn point(&self, pods: &[Value]) {
        let state = self.state();
        let mut primaries = state.primaries.lock().unwrap_or_else(PoisonError::into_inner);
        primaries.clear();
        for pod in
            pods.iter().filter_map(|pod| Pod::read(pod).filter(|pod| pod.is_ready && pod.role == PRIMARY))
        {
            let set = pod.name.rsplit_once('-').expect("a pod of a set").0;
            primaries.insert(set.to_owned(), pod.address.unwrap_or_default());
        }
    }

    /// Says that the node is there.
    async fn beat(&self) {
        let nodes: Api<DynamicObject> = Api::all_with(self.client.clone(), &kind(&core("Node", "nodes")));
        let now = jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        let ready = json!({"type": "Ready", "status": "True", "reason": "Played", "message": "",
            "lastHeartbeatTime": now, "lastTransitionTime": now});
        let node = json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": NODE}});
        let _ = nodes.create(&PostParams::default(), &serde_json::from_value(node).expect("a node")).await;
        let status = Patch::Merge(json!({"status": {"conditions": [ready]}}));
        nodes.patch_status(NODE, &PatchParams::default(), &status).await.expect("a node has a status");
    }

    /// Gives a pod to the node.
    async fn bind(&self, pod: &Value) {
        let name = at(pod, "metadata.name");
        let binding = json!({"apiVersion": "v1", "kind": "Binding", "metadata": {"name": name},
            "target": {"kind": "Node", "name": NODE}});
        let pods = self.api(&PODS);
        // It may be gone by now.
        let _ =
            pods.create_subresource::<Value, Value>("binding", name, &PostParams::default(), &binding).await;
    }

    async fn run(&self, pod: &Value) {
        if at(pod, "spec.nodeName").is_empty() {
            return self.bind(pod).await;
        }
        let (uid, name) = (at(pod, "metadata.uid").to_owned(), at(pod, "metadata.name").to_owned());
        let set = name.rsplit_once('-').expect("a pod of a set").0.to_owned();
        let claim =
            self.get(&core("PersistentVolumeClaim", "persistentvolumeclaims"), &format!("data-{name}")).await;
        let Some(data) = claim.map(|claim| self.folder.path().join(at(&claim, "metadata.uid"))) else {
            return;
        };
        if !self.mount(pod, &set, &uid).await {
            return;
        }
        fs::create_dir_all(&data).expect("a volume");
        let own = self.own(&uid);
        let known = self.state().running.get(&uid).map(|running| running.address.clone());
        let address = known.unwrap_or_else(address);
        let service = self.service_of(&set).await;
        self.keep(pod, &data, &address, &service);
        let ready = self.is_ready(&own).await;
        self.tell(pod, &address, ready).await;
    }

    /// Starts what a pod runs, again where it ended.
    fn keep(&self, pod: &Value, data: &Path, address: &str, service: &str) {
        let (uid, name) = (at(pod, "metadata.uid"), at(pod, "metadata.name"));
        let own = self.own(uid);
        let [config, secrets, run, tls] = ["config", "secrets", "run", "tls"].map(|folder| own.join(folder));
        let start = || {
            let places = [
                ("DATA", data.to_owned()),
                ("CONFIG", config),
                ("SECRETS", secrets),
                ("RUN", run.clone()),
                ("TLS", tls),
            ];
            self.command(pod, "start", address, service, places).spawn().expect("sh")
        };
        let mut state = self.state();
        if let Some(running) = state.running.get_mut(uid) {
            if running.process.try_wait().expect("a child").is_some() {
                running.process = start();
                running.starts += 1;
            }
            return;
        }
        give(&[data, &own.join("run")]);
        let running = Running {
            name: name.to_owned(),
            set: name.rsplit_once('-').expect("a pod of a set").0.to_owned(),
            address: address.to_owned(),
            process: start(),
            starts: 1,
            was_told_to_end: false,
        };
        state.running.insert(uid.to_owned(), running);
    }

    async fn tell(&self, pod: &Value, address: &str, ready: bool) {
        let status = if ready { "True" } else { "False" };
        let known =
            pod["status"]["conditions"].as_array().into_iter().flatten().find(|one| one["type"] == "Ready");
        if known.is_some_and(|known| known["status"] == status) && at(pod, "status.podIP") == address {
            return;
        }
        let now = jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        let status = json!({"status": {
            "phase": "Running", "podIP": address, "podIPs": [{"ip": address}], "startTime": now,
            "conditions": [{"type": "Ready", "status": status, "lastTransitionTime": now}],
        }});
        // It may be gone by now.
        let _ = self
            .api(&PODS)
            .patch_status(at(pod, "metadata.name"), &PatchParams::default(), &Patch::Merge(status))
            .await;
    }

    async fn end(&self, pod: &Value) {
        let uid = at(pod, "metadata.uid");
        {
            let mut state = self.state();
            if let Some(running) = state.running.get_mut(uid) {
                if running.process.try_wait().expect("a child").is_none() {
                    if !running.was_told_to_end {
                        signal("-TERM", running.process.id());
                    }
                    running.was_told_to_end = true;
                    return;
                }
                state.running.remove(uid);
            }
        }
        let preconditions = Some(Preconditions { uid: Some(uid.to_owned()), resource_version: None });
        let params = DeleteParams { grace_period_seconds: Some(0), preconditions, ..DeleteParams::default() };
        let _ = self.api(&PODS).delete(at(pod, "metadata.name"), &params).await;
    }
}

impl Drop for Kubelet {
    fn drop(&mut self) {
        let mut state = self.state();
        for running in state.running.values_mut() {
            kill_all(running.process.id());
            let _ = running.process.wait();
        }
        drop(state);
        self.proxies.lock().unwrap_or_else(PoisonError::into_inner).drain(..).for_each(|proxy| proxy.abort());
    }
}
