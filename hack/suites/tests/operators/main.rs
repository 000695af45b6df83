//! The conformance tests against the operators that are installed in a cluster: the one that `KUBECONFIG` names, else the
//! `hack/cluster` that runs in the folder `DATABASES_CLUSTER`. `src/backend/README.md` says how one gets such a cluster.
//!
//! Our server has to be installed there, and its program is what tests: in a pod, for that is where databases are reached.

mod classes;
mod cluster;
mod pod;

use classes::Class;
use cluster::Yours;
use suites::programs::skipped;

/// An operator.
struct Operator {
    /// Of its example among `deploy/examples/classes`, and of the rights in the chart.
    name: &'static str,
    /// The kind that it brings; none where Kubernetes has what it takes, and a class says that it is wanted.
    kind: Option<&'static str>,
}

impl Operator {
    /// Tests it, or says loudly why not.
    async fn is_tested(&self) {
        let name = self.name;
        let found = match Yours::find() {
            Ok(cluster) => self.missing(&cluster).await.map_or(Ok(cluster), Err),
            Err(why) => Err(why),
        };
        let cluster = match found {
            Ok(cluster) => cluster,
            Err(why) => return skipped(&format!("{name}: {why}")),
        };
        let tested = match Class::of(&cluster, name).await {
            Ok(class) => {
                let tested = pod::tested(&cluster, name, &class.name).await;
                class.put_back(&cluster).await;
                tested
            }
            Err(why) => Err(why),
        };
        let sum = tested.unwrap_or_else(|why| panic!("{name}: {why}"));
        println!("MEASURED: {name}: {sum}");
    }

    /// Why it cannot be tested there.
    async fn missing(&self, cluster: &Yours) -> Option<String> {
        let Some(kind) = self.kind else {
            let class = classes::existing(cluster, self.name).await;
            return class.is_none().then(|| format!("no class of {} names it", cluster.name));
        };
        let found = cluster.kubectl.run(&format!("get crd {kind} --output name")).await;
        match (found.code, found.text.contains("NotFound")) {
            (0, _) => None,
            (_, true) => Some(format!("it is not installed in {} (no {kind})", cluster.name)),
            _ => Some(format!("{} does not answer: {}", cluster.name, found.text.trim())),
        }
    }
}

/// `function: name, kind`: a test for each.
macro_rules! operators {
    ($($test:ident: $name:literal, $kind:expr;)*) => {$(
        #[tokio::test(flavor = "multi_thread")]
        async fn $test() {
            Operator { name: $name, kind: $kind }.is_tested().await;
        }
    )*};
}

operators! {
    cloudnative_pg: "cloudnative-pg", Some("clusters.postgresql.cnpg.io");
    crunchy: "crunchy", Some("postgresclusters.postgres-operator.crunchydata.com");
    kubedb: "kubedb", Some("postgreses.kubedb.com");
    percona_postgresql: "percona-postgresql", Some("perconapgclusters.pgv2.percona.com");
    stackgres: "stackgres", Some("sgclusters.stackgres.io");
    statefulset: "statefulset", None;
    zalando: "zalando", Some("postgresqls.acid.zalan.do");
}
