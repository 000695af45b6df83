//! `example.apiserver.k8s.io`, as Kubernetes' tests of its own storage define it, served by this server: Pods, and the same
//! without namespaces, which those tests want, too.

use apimachinery::kind::{SelectableField, of};
use apimachinery::time::Time;
use databases_apiserver::server::{self, prelude::*};
use std::collections::BTreeMap;

const GROUP: &str = "example.apiserver.k8s.io";
const PACKAGE: &str = "io.k8s.apiserver.pkg.apis.example.v1";

object! {
    /// A Pod in a namespace.
    struct Pod: PodSpec, PodStatus
}

object! {
    /// A Pod without a namespace.
    struct ClusterPod: PodSpec, PodStatus
}

/// What is wanted of a Pod.
#[api_type]
struct PodSpec {
    /// Always, OnFailure or Never.
    #[api(3)]
    restart_policy: String,
    /// How many seconds it may take to end.
    #[api(4)]
    termination_grace_period_seconds: Option<i64>,
    /// How many seconds it may run.
    #[api(5)]
    active_deadline_seconds: Option<i64>,
    /// Labels of the node that it may run on.
    #[api(7)]
    node_selector: BTreeMap<String, String>,
    /// The ServiceAccount that it runs as.
    #[api(8)]
    service_account_name: String,
    /// The same by its old name.
    #[api(9)]
    service_account: String,
    /// The node that it runs on.
    #[api(10)]
    node_name: String,
    /// Whether it shares the node's network.
    #[api(11)]
    host_network: bool,
    /// Whether it sees the node's processes.
    #[api(12, name = "hostPID")]
    host_pid: bool,
    /// Whether it shares the node's interprocess communication.
    #[api(13, name = "hostIPC")]
    host_ipc: bool,
    /// Its host name.
    #[api(16)]
    hostname: String,
    /// Its subdomain.
    #[api(17)]
    subdomain: String,
    /// Who chooses its node.
    #[api(19, name = "schedulername")]
    scheduler_name: String,
}

/// What is known of a Pod.
#[api_type]
struct PodStatus {
    /// Where it stands in its life.
    #[api(1)]
    phase: String,
    /// What is known in particular.
    #[api(2)]
    conditions: Vec<PodCondition>,
    /// Why it is in this state, in a sentence.
    #[api(3)]
    message: String,
    /// The same in a word.
    #[api(4)]
    reason: String,
    /// The address of its node.
    #[api(5, name = "hostIP")]
    host_ip: String,
    /// Its own address.
    #[api(6, name = "podIP")]
    pod_ip: String,
    /// When its node took it.
    #[api(7)]
    start_time: Option<Time>,
}

/// What is known of a Pod in particular.
#[api_type]
struct PodCondition {
    /// What it is about.
    #[api(1, required)]
    r#type: String,
    /// True, False or Unknown.
    #[api(2, required)]
    status: String,
    /// When it was looked at.
    #[api(3)]
    last_probe_time: Option<Time>,
    /// When it changed.
    #[api(4)]
    last_transition_time: Option<Time>,
    /// Why, in a word.
    #[api(5)]
    reason: String,
    /// Why, in a sentence.
    #[api(6)]
    message: String,
}

only_version!(Pod, "v1");
only_version!(ClusterPod, "v1");
static POD: Definition = Definition {
    selectable_fields: &[SelectableField::new("spec.nodeName", of!(Pod, |pod| pod.spec.node_name.as_str()))],
    ..Definition::new(GROUP, "Pod", "pods", const { &[Version::of::<Pod, Pod>()] })
};
static CLUSTER_POD: Definition = Definition {
    selectable_fields: &[SelectableField::new(
        "spec.nodeName",
        of!(ClusterPod, |pod| pod.spec.node_name.as_str()),
    )],
    ..Definition::new(
        GROUP,
        "ClusterPod",
        "clusterpods",
        const { &[Version::of::<ClusterPod, ClusterPod>()] },
    )
    .cluster_scoped()
};
parts!(impl Kind for Pod: POD, spec: spec status, status:);
parts!(impl Kind for ClusterPod: CLUSTER_POD, spec: spec status, status:);

struct Example;

#[async_trait]
impl Api for Example {
    const FACTS: Facts = Facts { group: GROUP, name: "example", version: env!("CARGO_PKG_VERSION") };
    type Flags = ();
    type ClusterFlags = ();
    fn definitions() -> Vec<&'static Definition> {
        vec![&POD, &CLUSTER_POD]
    }
    async fn open(_: Place<'_, Self>) -> Result<Arc<Self>, Reason> {
        Ok(Arc::new(Example))
    }
}

fn main() -> std::process::ExitCode {
    server::main::<Example>()
}
