//! Connection poolers that are objects of their own.

use super::conformance::{World, name};
use super::disturbed::request;
use super::*;
use crate::backend::{Answers, Disposal, Endpoint, Request, Role as EndpointRole};
use crate::cluster::{Resource, SECRETS};
use databases_api::postgresql::{Pooling, PoolingMode};
use serde_json::{Value, json};

fn pooled(mode: PoolingMode, instances: i32) -> Option<Pooling> {
    Some(Pooling { mode: Some(mode), instances: Some(instances) })
}

/// Of a kind, what was made for an object.
async fn made<P: Player>(world: &World<P>, kind: &Resource, request: &Request<PostgreSQL>) -> Vec<Value> {
    let mut all = world.stage.all(kind).await;
    all.retain(|one| one["metadata"]["labels"][UID_LABEL] == request.object.metadata.uid.as_str());
    all
}

fn is_pooled(endpoint: &&Endpoint) -> bool {
    endpoint.role == EndpointRole::PooledReadWrite
}

pub(super) async fn poolers_are_told_of_changed_and_taken_away<P: Player>(world: &World<P>) {
    let Some(kind) = P::POOLERS else { return };
    let mut request = request(130);
    world.available(&request).await;
    let secrets = made(world, &SECRETS, &request).await;
    request.object.spec.pooling = pooled(PoolingMode::Transaction, 2);
    let seen = world.available(&request).await;
    let endpoint = seen.endpoints.iter().find(is_pooled).expect("an endpoint");
    let pooler = made(world, &kind, &request).await.remove(0);
    assert_eq!(endpoint.host.split('.').next(), Some(at(&pooler, "metadata.name")));
    assert!(pooler["spec"].to_string().contains("transaction"), "{pooler}");
    let (class, installed) = (Class::default(), Installed::default());
    let named = name(&request.object);
    let wish = Wish { name: &named, ..wish(&request.object, &class, &installed) };
    let labels = P::Dialect::default().secret_labels(&wish);
    for (before, after) in secrets.iter().zip(made(world, &SECRETS, &request).await) {
        assert!(covers(&after["metadata"]["labels"], &labels, &[]), "{after} lacks of {labels}");
        assert_eq!(before["data"], after["data"], "passwords stay");
    }
    what_is_changed_of_it_comes_about(world, &kind, &mut request).await;
    request.object.spec.pooling = pooled(PoolingMode::Disabled, 1);
    let seen = world.available(&request).await;
    assert_eq!((seen.endpoints.iter().find(is_pooled), made(world, &kind, &request).await.len()), (None, 0));
    request.object.spec.pooling = pooled(PoolingMode::Session, 1);
    world.available(&request).await;
    world.removed(&request).await;
    assert!(world.stage.all(&kind).await.is_empty(), "it goes with the database");
}

async fn what_is_changed_of_it_comes_about<P: Player>(
    world: &World<P>,
    kind: &Resource,
    request: &mut Request<PostgreSQL>,
) {
    let named = |object: &Value| at(object, "metadata.name").to_owned();
    let before = made(world, kind, request).await.remove(0);
    request.object.spec.pooling = pooled(PoolingMode::Session, 3);
    world.available(request).await;
    let after = made(world, kind, request).await;
    assert_eq!((after.len(), named(&after[0])), (1, named(&before)), "applications keep their address");
    assert!(after[0]["spec"].to_string().contains("session"), "{}", after[0]);
    let theirs = json!({"metadata": {"annotations": {"example.com/theirs": "kept"}}});
    world.stage.change(kind, &named(&before), theirs).await;
    world.available(request).await;
    let kept = made(world, kind, request).await.remove(0);
    assert_eq!(kept["metadata"]["annotations"]["example.com/theirs"], "kept");
    world.backend().remove(request, Disposal::Retain).await.expect("it is retained");
    assert!(made(world, kind, request).await.is_empty());
    assert_eq!(world.stage.all(kind).await.len(), 1, "it serves on");
    world.available(request).await;
    assert_eq!(made(world, kind, request).await.len(), 1, "who retained it takes it up again");
}
