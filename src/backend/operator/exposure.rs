//! How a database is reached from outside its cluster: what an object asks for, and where that is by now.

use super::UID_LABEL;
use super::dialect::Wish;
use super::shape::{at, put};
use crate::backend::{Endpoint, Observed, Phase, Refusal, Scope};
use apimachinery::wire::json;
use databases_api::postgresql::PostgreSQL;
use databases_api::shared::NetworkType;
use serde_json::Value;

/// What an object says of the Service of its primary. Each is null where it says nothing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Exposure {
    /// Its type, in Kubernetes' words.
    pub kind: Value,
    /// Its annotations.
    pub annotations: Value,
    /// Who may connect from outside, as CIDR ranges.
    pub ranges: Value,
}

impl Exposure {
    fn of(object: &PostgreSQL) -> Self {
        let Some(network) = &object.spec.instance.network else { return Exposure::default() };
        let mut tree = json::to_tree(network);
        let [kind, annotations, ranges] =
            ["type", "annotations", "allowedSourceRanges"].map(|name| tree[name].take());
        Exposure { kind, annotations, ranges }
    }

    /// Whether it is reached from outside.
    pub fn is_external(&self) -> bool {
        self.kind == "LoadBalancer" || self.kind == "NodePort"
    }

    /// A template of such a Service in Kubernetes' own words; null where nothing is said. It has the label of all that is made
    /// for the object.
    pub fn service(&self, wish: &Wish<'_>) -> Value {
        let mut service = Value::Null;
        put(&mut service, "metadata.annotations", self.annotations.clone());
        put(&mut service, "spec.type", self.kind.clone());
        put(&mut service, "spec.loadBalancerSourceRanges", self.ranges.clone());
        if !service.is_null() {
            service["metadata"]["labels"][UID_LABEL] = wish.object.metadata.uid.as_str().into();
        }
        service
    }
}

impl Wish<'_> {
    /// What the object says of the Service of its primary.
    pub fn exposure(&self) -> Exposure {
        Exposure::of(self.object)
    }
}

/// Refuses ranges that nobody would hold: Kubernetes holds those of load balancers alone.
pub(super) fn check(object: &PostgreSQL) -> Result<(), Refusal> {
    let Exposure { kind, ranges, .. } = Exposure::of(object);
    if kind == "LoadBalancer" || ranges.is_null() {
        return Ok(());
    }
    let message = "spec.network.allowedSourceRanges: only a load balancer holds them; set spec.network.type to LoadBalancer";
    Err(Refusal::new("UnsupportedFeature", message))
}

/// Whether the address is one that the Service of the primary is given.
pub(super) fn is_balanced(object: &PostgreSQL) -> bool {
    let network = object.spec.instance.network.as_ref();
    network.and_then(|network| network.kind.as_ref()) == Some(&NetworkType::LoadBalancer)
}

/// Adds where the Service of that name is reached from outside, or that it is not yet. Of a `NodePort` that is any node, which
/// nobody tells.
pub(super) fn tell(seen: &mut Observed, wish: &Wish<'_>, service: &str) {
    let inside = seen.endpoints.iter().find(|endpoint| endpoint.is_main()).cloned();
    let Some(inside) = inside.filter(|_| is_balanced(wish.object)) else { return };
    let is_it = |one: &&Value| at(one, "kind") == "Service" && at(one, "metadata.name") == service;
    match wish.evidence.iter().find(is_it).map_or("", address) {
        "" if seen.phase == Phase::Available => {
            seen.pending
                .get_or_insert_with(|| format!("the load balancer of Service {service} has no address yet"));
        }
        "" => {}
        host => seen.endpoints.push(Endpoint { host: host.into(), scope: Scope::External, ..inside }),
    }
}

/// The address that a Service's load balancer has; empty where it has none.
fn address(service: &Value) -> &str {
    let given = &service["status"]["loadBalancer"]["ingress"][0];
    match at(given, "hostname") {
        "" => at(given, "ip"),
        hostname => hostname,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::operator::Installed;
    use crate::backend::operator::tests::{exposed, object};
    use crate::backend::{Class, Role};
    use serde_json::json;

    fn told(network: &Value, phase: Phase, service: &Value) -> Observed {
        let (object, class) = (exposed(network), Class::default());
        let wish = Wish {
            object: &object,
            class: &class,
            name: "shop-1",
            live: &Value::Null,
            beside: &[],
            evidence: std::slice::from_ref(service),
            references: &[],
            source: &Value::Null,
            begins: &Value::Null,
            installed: &Installed::default(),
        };
        let endpoints =
            vec![Endpoint::new(Role::ReadOnly, "ro", 1), Endpoint::new(Role::ReadWrite, "rw", 5433)];
        let mut seen = Observed { phase, endpoints, ..Observed::default() };
        tell(&mut seen, &wish, "shop-1-rw");
        seen
    }

    #[test]
    fn an_address_from_outside_is_told_once_there_is_one() {
        let service = |ingress: Value| json!({"kind": "Service", "metadata": {"name": "shop-1-rw"}, "status": {"loadBalancer": {"ingress": ingress}}});
        let balanced = json!({"type": "LoadBalancer"});
        for (ingress, host) in [
            (json!([{"ip": "192.0.2.1"}]), "192.0.2.1"),
            (
                json!([{"hostname": "db.example.com", "ip": "192.0.2.1"}, {"ip": "192.0.2.2"}]),
                "db.example.com",
            ),
        ] {
            let seen = told(&balanced, Phase::Available, &service(ingress.clone()));
            let outside = Endpoint { scope: Scope::External, ..Endpoint::new(Role::ReadWrite, host, 5433) };
            assert_eq!((seen.endpoints.last(), seen.pending), (Some(&outside), None));
            let seen = told(&json!({"type": "ClusterIP"}), Phase::Available, &service(ingress));
            assert_eq!((seen.endpoints.len(), seen.pending), (2, None));
        }
        for nowhere in [Value::Null, service(Value::Null), service(json!([{}]))] {
            let seen = told(&balanced, Phase::Available, &nowhere);
            let pending = "the load balancer of Service shop-1-rw has no address yet".to_owned();
            assert_eq!((seen.endpoints.len(), seen.pending), (2, Some(pending)));
            let seen = told(&balanced, Phase::Creating, &nowhere);
            assert_eq!((seen.endpoints.len(), seen.pending), (2, None));
        }
    }

    #[test]
    fn ranges_are_taken_where_a_load_balancer_holds_them() {
        let ranges = json!(["10.0.0.0/8"]);
        let refused =
            check(&exposed(&json!({"type": "NodePort", "allowedSourceRanges": ranges}))).expect_err("no");
        assert!(refused.message.starts_with("spec.network.allowedSourceRanges: "), "{refused:?}");
        let taken = exposed(&json!({"type": "LoadBalancer", "allowedSourceRanges": ranges}));
        assert_eq!(check(&taken), Ok(()));
        assert_eq!(check(&object("shop", 1)), Ok(()));
    }
}
