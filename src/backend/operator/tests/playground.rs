//! A real kube-apiserver with an operator's kinds, for the tests of dialects. Who answers those kinds is up to the test.
//!
//! The kinds are those that the operator publishes: they are read from `shared/crds` beside the checkout, or from
//! `DATABASES_CRDS`.

use super::UID_LABEL;
use crate::cluster::{Cluster, Resource, SECRETS};
use apimachinery::wire::yaml;
use controlplane::{ControlPlane, Programs};
use kube::api::{Api, ApiResource, DynamicObject, Patch, PatchParams, PostParams};
use serde_json::{Value, json};
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// Who this server is in the cluster.
const USER: &str = "databases-apiserver";

const DEADLINE: Duration = Duration::from_secs(30);
const POLL: Duration = Duration::from_millis(20);

pub(in crate::backend) struct Playground {
    /// As this server, with the rights that it is installed with, and those for this operator.
    pub(in crate::backend) cluster: Cluster,
    /// As who may do everything.
    pub(in crate::backend) admin: Cluster,
    _control_plane: ControlPlane,
    definitions: Vec<Value>,
    _folder: tempfile::TempDir,
}

impl Playground {
    /// With the kinds of an implementation; none, and said so, where the programs or the kinds are not at hand.
    pub(in crate::backend) async fn start(implementation: &str, more: Vec<Value>) -> Option<Self> {
        let missing = |what: &str| eprintln!("SKIPPED: {what}");
        let programs = Programs::find().inspect_err(|error| missing(&error.to_string())).ok()?;
        let beside = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/crds"));
        let folder = std::env::var_os("DATABASES_CRDS").map_or(beside, PathBuf::from).join(implementation);
        let files =
            std::fs::read_dir(&folder).inspect_err(|error| missing(&format!("{folder:?}: {error}"))).ok()?;
        let read = |file: std::fs::DirEntry| std::fs::read(file.path()).expect("a file of a kind");
        let mut definitions: Vec<Value> =
            files.flat_map(|file| documents(&read(file.expect("a file")))).collect();
        let is_missing = |kind: &Value| !definitions.iter().any(|known| name(known) == name(kind));
        let missing: Vec<Value> = more.into_iter().filter(is_missing).collect();
        definitions.extend(missing);
        Some(Self::over(&programs, implementation, definitions).await)
    }

    /// With no kinds but the cluster's own, and the rights for a backend.
    pub(in crate::backend) async fn plain(backend: &str) -> Option<Self> {
        let programs = Programs::find().inspect_err(|error| eprintln!("SKIPPED: {error}")).ok()?;
        Some(Self::over(&programs, backend, Vec::new()).await)
    }

    async fn over(programs: &Programs, implementation: &str, definitions: Vec<Value>) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let control_plane = ControlPlane::start(programs, folder.path()).await.expect("a control plane");
        let admin = connect(control_plane.kubeconfig()).await;
        grant(&admin, implementation).await;
        let cluster = connect(control_plane.kubeconfig_of(USER, &[]).expect("a kubeconfig")).await;
        until_granted(&cluster).await;
        let playground =
            Playground { cluster, admin, _control_plane: control_plane, definitions, _folder: folder };
        for name in playground.names() {
            playground.install(&name).await;
        }
        playground
    }

    fn names(&self) -> Vec<String> {
        self.definitions.iter().map(name).collect()
    }

    fn api(&self) -> Api<DynamicObject> {
        Api::all_with(
            self.admin.client().clone(),
            &ApiResource {
                group: "apiextensions.k8s.io".into(),
                version: "v1".into(),
                api_version: "apiextensions.k8s.io/v1".into(),
                kind: "CustomResourceDefinition".into(),
                plural: "customresourcedefinitions".into(),
            },
        )
    }

    /// Installs one of the kinds, and waits until it is served.
    pub(in crate::backend) async fn install(&self, kind: &str) {
        let definition = self.definitions.iter().find(|known| name(known) == kind).expect("a kind of it");
        let definition = serde_json::from_value(definition.clone()).expect("a definition");
        self.api().create(&PostParams::default(), &definition).await.expect("it can be installed");
        self.until_served(kind, true).await;
    }

    /// Defines one of the kinds as it was published, but for what is changed of the schema of its spec.
    pub(in crate::backend) async fn define(&self, kind: &str, change: fn(&mut Value)) {
        let mut definition =
            self.definitions.iter().find(|known| name(known) == kind).expect("a kind").clone();
        for version in definition["spec"]["versions"].as_array_mut().expect("versions") {
            change(&mut version["schema"]["openAPIV3Schema"]["properties"]["spec"]);
        }
        let patch = Patch::Merge(json!({"spec": {"versions": definition["spec"]["versions"]}}));
        self.api().patch(kind, &PatchParams::default(), &patch).await.expect("it can be defined anew");
    }

    /// Makes an object of a kind that has no namespace.
    pub(in crate::backend) async fn make(&self, kind: &Resource, object: &Value) {
        let resource = ApiResource {
            group: kind.group.into(),
            version: kind.version.into(),
            api_version: kind.api_version(),
            kind: kind.kind.into(),
            plural: kind.plural.into(),
        };
        let api: Api<DynamicObject> = Api::all_with(self.admin.client().clone(), &resource);
        let object = serde_json::from_value(object.clone()).expect("an object");
        api.create(&PostParams::default(), &object).await.expect("it can be made");
    }

    /// Takes one of the kinds away with all its objects.
    pub(in crate::backend) async fn uninstall(&self, kind: &str) {
        self.api().delete(kind, &Default::default()).await.expect("it can be taken away");
        self.until_served(kind, false).await;
    }

    /// Whether a kind is served.
    pub(in crate::backend) async fn serves(&self, kind: &str) -> bool {
        let (plural, group) = kind.split_once('.').expect("a full name");
        let definition = self.definitions.iter().find(|known| name(known) == kind).expect("a kind of it");
        let version = definition["spec"]["versions"][0]["name"].as_str().expect("a version");
        let served = self.cluster.served(group, version).await.expect("the cluster answers");
        served.iter().any(|known| known == plural)
    }

    async fn until_served(&self, kind: &str, wanted: bool) {
        let deadline = Instant::now() + DEADLINE;
        while self.serves(kind).await != wanted {
            assert!(Instant::now() < deadline, "{kind} is served: not {wanted}");
            tokio::time::sleep(POLL).await;
        }
    }
}

async fn connect(kubeconfig: PathBuf) -> Cluster {
    Cluster::connect(Some(&kubeconfig), "databases-apiserver").await.expect("a client")
}

/// The cluster learns of rights a moment after they are granted.
async fn until_granted(cluster: &Cluster) {
    let deadline = Instant::now() + DEADLINE;
    while let Err(error) = cluster.labelled(&SECRETS, "default", UID_LABEL, "nobody").await {
        assert!(error.is_forbidden() && Instant::now() < deadline, "{error}");
        tokio::time::sleep(POLL).await;
    }
}

/// Gives this server the rights that it is installed with, as far as backends use them, and those of an operator.
async fn grant(admin: &Cluster, operator: &str) {
    let folder =
        PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/deploy/chart/databases-apiserver/operators"));
    let text = std::fs::read(folder.join(operator).join("rbac.yaml")).expect("the rights of an operator");
    let mut role = yaml::decode(&text).expect("a role").0;
    let installed =
        json!({"apiGroups": [""], "resources": ["secrets"], "verbs": ["get", "create", "update", "delete"]});
    role["rules"].as_array_mut().expect("rules").push(installed);
    let name = role["metadata"]["name"].clone();
    let group = "rbac.authorization.k8s.io";
    let binding = json!({
        "apiVersion": format!("{group}/v1"),
        "kind": "ClusterRoleBinding",
        "metadata": {"name": name},
        "roleRef": {"apiGroup": group, "kind": "ClusterRole", "name": name},
        "subjects": [{"apiGroup": group, "kind": "User", "name": USER}],
    });
    for (kind, plural, object) in
        [("ClusterRole", "clusterroles", role), ("ClusterRoleBinding", "clusterrolebindings", binding)]
    {
        let resource = ApiResource {
            group: group.into(),
            version: "v1".into(),
            api_version: format!("{group}/v1"),
            kind: kind.into(),
            plural: plural.into(),
        };
        let api: Api<DynamicObject> = Api::all_with(admin.client().clone(), &resource);
        let object = serde_json::from_value(object).expect("an object");
        api.create(&PostParams::default(), &object).await.expect("it can be granted");
    }
}

/// The documents of a file; what is none but comments is left out.
fn documents(text: &[u8]) -> Vec<Value> {
    let text = String::from_utf8_lossy(text);
    let parts = text.split("\n---").filter(|part| part.contains("kind: CustomResourceDefinition"));
    parts.map(|part| yaml::decode(part.as_bytes()).expect("a kind").0).collect()
}

fn name(definition: &Value) -> String {
    definition["metadata"]["name"].as_str().expect("a name").to_owned()
}
