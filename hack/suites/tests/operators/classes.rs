//! The class by which an operator is tested: one that is there, else the example's for as long as the tests take.

use serde_json::Value;
use suites::programs::checkout;

use crate::cluster::Yours;

pub(crate) struct Class {
    pub(crate) name: String,
    /// Whether it was made for the tests.
    is_made: bool,
}

/// The class of `deploy/examples/classes`.
fn example(operator: &str) -> Value {
    let path = checkout().join(format!("deploy/examples/classes/{operator}.yaml"));
    let text = std::fs::read_to_string(path).expect("an example");
    let documents: Vec<Value> = serde_saphyr::from_multiple(&text).expect("YAML");
    documents.into_iter().find(|document| document["kind"] == "DatabaseClass").expect("a class")
}

/// A class of the cluster that names an operator; the one that is called like the example, where there are several.
pub(crate) async fn existing(cluster: &Yours, operator: &str) -> Option<String> {
    let found = cluster.kubectl.run("get dbclass --output json").await;
    let classes: Value = serde_json::from_str(&found.stdout).ok()?;
    let example = example(operator);
    let named = |class: &&Value| class["spec"]["controllerName"] == example["spec"]["controllerName"];
    let mut names: Vec<&str> = classes["items"].as_array()?.iter().filter(named).filter_map(name).collect();
    names.sort_by_key(|name| example["metadata"]["name"] != *name);
    names.first().map(|name| (*name).to_owned())
}

fn name(object: &Value) -> Option<&str> {
    object["metadata"]["name"].as_str()
}

impl Class {
    /// A class that is accepted; or why there is none.
    pub(crate) async fn of(cluster: &Yours, operator: &str) -> Result<Self, String> {
        let class = match existing(cluster, operator).await {
            Some(name) => Class { name, is_made: false },
            None => {
                let example = example(operator);
                let made = cluster.kubectl.execute(&["apply", "--filename", "-"], &example.to_string()).await;
                if made.code != 0 {
                    let why = made.text.trim();
                    return Err(format!("its class cannot be made; is our server installed there? {why}"));
                }
                Class { name: name(&example).unwrap_or_default().to_owned(), is_made: true }
            }
        };
        let waited = format!("wait --for=condition=Accepted dbclass/{} --timeout=60s", class.name);
        if cluster.kubectl.run(&waited).await.code == 0 {
            return Ok(class);
        }
        let condition = r#"jsonpath={.status.conditions[?(@.type=="Accepted")].message}"#;
        let said = cluster.kubectl.execute(&["get", "dbclass", &class.name, "--output", condition], "").await;
        class.put_back(cluster).await;
        Err(format!("class {} is not accepted: {}", class.name, said.text))
    }

    /// Removes what was made for the tests.
    pub(crate) async fn put_back(&self, cluster: &Yours) {
        if self.is_made {
            cluster.kubectl.says(&format!("delete dbclass {} --timeout=60s", self.name)).await;
        }
    }
}
