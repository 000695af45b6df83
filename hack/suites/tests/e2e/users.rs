//! Line 18: who may do what, and who is believed.

use quickstart::apply::apply;
use serde_json::{Value, json};
use suites::http::{Http, Reply};

use crate::target::Target;

impl Target {
    /// A client for somebody else, of the same server.
    fn as_user(&self, user: &str, groups: &[&str]) -> Http {
        Http::of(&self.cluster.kubeconfig_at(&self.address, user, groups).expect("a kubeconfig"))
    }

    /// A client that shows no certificate.
    fn as_nobody(&self) -> Http {
        let path = self.cluster.kubeconfig_at(&self.address, "nobody", &[]).expect("a kubeconfig");
        let text = std::fs::read_to_string(&path).expect("the kubeconfig");
        let mut file: Value = serde_json::from_str(&text).expect("JSON");
        file["users"][0]["user"] = json!({});
        let path = path.with_extension("anonymous");
        std::fs::write(&path, file.to_string()).expect("a kubeconfig");
        Http::of(&path)
    }

    /// Lets a user read the kind in the line's namespace.
    async fn allow(&self, user: &str) {
        let namespace = &self.namespace;
        let metadata = json!({"name": user, "namespace": namespace});
        let role = json!({
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": metadata,
            "rules": [{"apiGroups": [self.kind.group], "resources": [self.kind.plural], "verbs": ["get"]}],
        });
        let binding = json!({
            "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": metadata,
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": user},
            "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": user}],
        });
        for object in [role, binding] {
            apply(self.cluster.admin(), &object).await.expect("a right");
        }
    }

    /// The exact refusal of reading `name`.
    fn refused(&self, reply: &Reply, user: &str, verb: &str, name: &str) {
        let status = reply.refused(403, "Forbidden");
        let (resource, plural, group) = (self.kind.resource(), self.kind.plural, self.kind.group);
        let name = if name.is_empty() { String::new() } else { format!(" \"{name}\"") };
        let expected = format!(
            "{resource}{name} is forbidden: User \"{user}\" cannot {verb} resource \"{plural}\" in API group \
             \"{group}\" in the namespace \"{}\"",
            self.namespace
        );
        assert_eq!(status["message"], expected);
    }
}

pub(crate) async fn rights(target: &Target) {
    target.create("a").await;
    let (item, collection) = (target.item("a"), target.collection());
    target.allow("reader").await;
    let reader = target.as_user("reader", &["some-group"]);
    reader.get(&item, &[]).await.expect(200);
    target.refused(&reader.get(&collection, &[]).await, "reader", "list", "");

    let stranger = target.as_user("stranger", &[]);
    target.refused(&stranger.get(&item, &[]).await, "stranger", "get", "a");
    // What a front proxy alone may say is not believed from anybody else.
    let forged = [("x-remote-user", "admin"), ("x-remote-group", "system:masters")];
    target.refused(&stranger.get(&item, &forged).await, "stranger", "get", "a");
    let nobody = target.as_nobody();
    target.refused(&nobody.get(&item, &forged).await, "system:anonymous", "get", "a");
    assert_eq!(nobody.get("/readyz", &[]).await.status, 200, "health is for everybody");
    let wrong = [("authorization", "Bearer nonsense")];
    nobody.get(&item, &wrong).await.refused(401, "Unauthorized");
}
