//! What begins as a copy of another one.

use super::backed_up::{class, now};
use super::conformance::{World, name};
use super::disturbed::request;
use super::*;
use crate::backend::conformance::cut;
use crate::backend::{Answers, Backend, Phase, Request, Resolved};
use crate::cluster::Resource;
use databases_api::GROUP;
use databases_api::shared::{DATA_SOURCE_REF, SourceRef};
use serde_json::{Value, json};

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

/// An object that is a copy of `old`.
pub(in crate::backend) fn copy(name: &str, number: u32) -> PostgreSQL {
    let mut object = object(name, number);
    let (kind, name) = ("PostgreSQL".into(), "old".into());
    object.spec.instance.data_source_ref = Some(SourceRef { api_group: GROUP.into(), kind, name });
    object
}

impl<P: Player> World<P> {
    /// It is begun, once there is what it is made out of.
    async fn begun(&self, copy: &Request<PostgreSQL>, source: &str) {
        if let Some(kind) = Operator::<P::Dialect>::backup_to_copy() {
            self.what_is_copied_is_backed_up_once(kind, copy, source).await;
        }
        if P::Dialect::CLONES == Some(Cloning::Asked) {
            self.a_backup_is_asked_for_once(copy, source).await;
        }
        let began = self.backend().ensure(copy).await.expect("it is begun");
        assert_eq!(began.phase, Phase::Creating);
        assert!(self.stage.main_object(&name(&copy.object)).await.is_some());
    }

    async fn backup_of(&self, kind: &Resource, copy: &Request<PostgreSQL>, number: u32) -> Value {
        let called = format!("{}-copy-{number}", name(&copy.object));
        let all = self.stage.all(kind).await;
        let ours =
            |backup: &&Value| backup["metadata"]["labels"][UID_LABEL] == copy.object.metadata.uid.as_str();
        let found: Vec<&Value> = all.iter().filter(ours).collect();
        assert_eq!(found.len(), number as usize, "{all:?}");
        found.into_iter().find(|backup| at(backup, "metadata.name") == called).expect("it is there").clone()
    }

    /// On what is copied, which goes on as it was.
    async fn a_backup_is_asked_for_once(&self, copy: &Request<PostgreSQL>, source: &str) {
        for steps in [0, 3, 6, 10, 15] {
            cut(self.backend().ensure(copy), steps).await;
        }
        let asked = |main: Value| P::Dialect::default().asked(&main).expect("it has a repository");
        let waits = self.backend().ensure(copy).await.expect("it waits");
        let called = format!("{}-copy-1", name(&copy.object));
        let said = format!("is backed up to be copied, by {called}");
        assert!(waits.phase == Phase::Creating && waits.message.contains(&said), "{waits:?}");
        assert!(self.stage.main_object(&name(&copy.object)).await.is_none(), "nothing is made without it");
        let main = self.stage.main_object(source).await.expect("it is there");
        assert_eq!(asked(main).map(|asked| asked.id), Some(called));
        self.stage.play().await;
    }

    async fn what_is_copied_is_backed_up_once(
        &self,
        kind: &Resource,
        copy: &Request<PostgreSQL>,
        source: &str,
    ) {
        for steps in [0, 3, 6, 10, 15] {
            cut(self.backend().ensure(copy), steps).await;
        }
        let waits = self.backend().ensure(copy).await.expect("it waits");
        assert!(
            waits.phase == Phase::Creating && waits.message.contains("is backed up to be copied"),
            "{waits:?}"
        );
        let failed = self.backup_of(kind, copy, 1).await;
        assert!(failed["spec"].to_string().contains(source), "{failed}");
        self.stage.tell(kind, &failed, P::backup_status(&now(), Some("the bucket is full"))).await;
        let waits = self.backend().ensure(copy).await.expect("it waits");
        assert!(waits.message.contains("the bucket is full; another one is made at"), "{waits:?}");
        self.stage.tell(kind, &failed, P::backup_status(super::backed_up::LONG_AGO, Some("no"))).await;
        self.backend().ensure(copy).await.expect("it waits");
        let second = self.backup_of(kind, copy, 2).await;
        assert!(self.stage.main_object(&name(&copy.object)).await.is_none(), "nothing is made without it");
        self.stage.tell(kind, &second, P::backup_status(&now(), None)).await;
    }
}

pub(super) async fn a_copy_has_the_data_and_goes_its_own_way<P: Player>(world: &World<P>) {
    if P::Dialect::CLONES.is_none() {
        return;
    }
    let (mut source, mut copy) = (request(113), Request { object: copy("copy", 114), ..request(114) });
    let by_backup = Operator::<P::Dialect>::backup_to_copy();
    if P::Dialect::CLONES != Some(Cloning::Primary) {
        let (given, _) = P::backs_up();
        (source.class, copy.class) = (Some(class(given)), Some(class(given)));
        what_is_not_backed_up_is_not_copied(world).await;
    }
    let made = world.available(&source).await;
    world.stage.write(&name(&source.object), "row").await;
    let found = resolved(&name(&source.object), &<P::Dialect as Dialect>::MAIN, &made.version);
    let error = world.backend().ensure(&copy).await.expect_err("there is nothing to copy");
    assert!(error.message.contains("cannot be copied now"), "{error:?}");
    assert!(world.stage.main_object(&name(&copy.object)).await.is_none());
    copy.references = vec![found];
    world.begun(&copy, &name(&source.object)).await;
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
    if let Some(kind) = by_backup {
        let left = world.stage.all(kind).await.len();
        let stays = P::Dialect::CLONES == Some(Cloning::Repository);
        assert_eq!(left, if stays { 2 } else { 0 }, "what was made for it alone goes");
    }
    world.removed(&copy).await;
    if let Some(kind) = by_backup {
        for backup in world.stage.all(kind).await {
            let name = at(&backup, "metadata.name");
            world.stage.api(kind).delete(name, &Default::default()).await.expect("it can be deleted");
        }
    }
}

async fn what_is_not_backed_up_is_not_copied<P: Player>(world: &World<P>) {
    let is_offered = async |class: Class| {
        let offer = world.backend().offer(&class).await.expect("an offer");
        offer.features.iter().any(|feature| feature == super::super::offer::CLONE)
    };
    let (given, taken) = P::backs_up();
    assert!(is_offered(class(given)).await && !is_offered(class(taken)).await);
    let (mut source, mut refused) = (request(115), Request { object: copy("copy", 116), ..request(116) });
    (source.class, refused.class) = (Some(class(taken)), Some(class(given)));
    let made = world.available(&source).await;
    refused.references = vec![resolved(&name(&source.object), &<P::Dialect as Dialect>::MAIN, &made.version)];
    let error = world.backend().ensure(&refused).await.expect_err("there is nothing to restore it from");
    assert!(error.message.starts_with("spec.dataSourceRef: a copy is made out of a backup"), "{error:?}");
    let plan = world.backend().plan(&refused).await.expect("a plan");
    assert_eq!(plan.changes.first().map(|change| change.effect), Some(crate::backend::Effect::Refused));
    world.removed(&refused).await;
    world.removed(&source).await;
}
