//! What begins as a copy of another one.

use super::conformance::{World, name};
use super::disturbed::request;
use super::*;
use crate::backend::{Answers, Phase, Resolved};
use crate::cluster::Resource;
use databases_api::GROUP;
use databases_api::shared::{DATA_SOURCE_REF, SourceRef};
use serde_json::json;

/// A role that the object of what is copied had.
const FORMER: &str = "CREATE ROLE former LOGIN PASSWORD 'known'; COMMENT ON ROLE former IS \
    'made by databases.standard.k8s.io for PostgreSQL default/old (uid 1)'; SELECT ''";

/// A PostgreSQL with that main object, as the controller gives it to who copies it.
pub(in crate::backend) fn resolved(main: &str, resource: &Resource, version: &str) -> Resolved {
    let made = json!({"group": resource.group, "kind": resource.kind, "namespace": "default", "name": main});
    let spec = json!({"databases": [{"name": "app", "owner": "app"}], "users": [{"name": "former"}]});
    let status = json!({"version": version, "backendRef": made});
    let object = json!({"metadata": {"name": "old"}, "spec": spec, "status": status}).to_string();
    let (path, group, kind) = (DATA_SOURCE_REF.to_owned(), GROUP.to_owned(), "PostgreSQL".to_owned());
    Resolved { path, group, kind, name: "old".into(), object }
}

pub(super) async fn a_copy_has_the_data_and_goes_its_own_way<P: Player>(world: &World<P>) {
    if !P::Dialect::CLONES {
        return;
    }
    let (source, mut copy) = (request(113), request(114));
    let made = world.available(&source).await;
    world.stage.write(&name(&source.object), "row").await;
    let found = resolved(&name(&source.object), &<P::Dialect as Dialect>::MAIN, &made.version);
    copy.object.metadata.name = "copy".into();
    let (api_group, kind, named) = (found.group.clone(), found.kind.clone(), found.name.clone());
    copy.object.spec.instance.data_source_ref = Some(SourceRef { api_group, kind, name: named });
    let error = world.backend().ensure(&copy).await.expect_err("there is nothing to copy");
    assert!(error.message.contains("cannot be copied now"), "{error:?}");
    assert!(world.stage.main_object(&name(&copy.object)).await.is_none());
    copy.references = vec![found];
    let began = world.backend().ensure(&copy).await.expect("it is begun");
    assert_eq!(began.phase, Phase::Creating);
    world.stage.play().await;
    if let Some(servers) = &world.stage.servers {
        servers.value(&name(&copy.object), FORMER).await;
    }
    copy.object.status.instance.version = world.available(&copy).await.version;
    assert!(world.stage.reads(&name(&copy.object), "row").await);
    if let Some(servers) = &world.stage.servers {
        let logs_in = "SELECT rolcanlogin::text FROM pg_roles WHERE rolname = 'former'";
        assert_eq!(servers.value(&name(&copy.object), logs_in).await, "false", "it is not listed");
    }
    copy.references.clear();
    world.removed(&source).await;
    world.available(&copy).await;
    assert!(world.stage.reads(&name(&copy.object), "row").await);
    world.removed(&copy).await;
}
