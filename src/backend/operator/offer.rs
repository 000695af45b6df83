//! What an operator offers, and its news.

use super::{Dialect, Installed, Operator, Parameters, UID_LABEL, at, parameters, trouble};
use crate::backend::{Backend, Class, Error, News, Offer, ParametersKind, ReferenceKind, Refusal, Warning};
use crate::cluster::{Followed, Resource, SECRETS};
use async_trait::async_trait;
use databases_api::GROUP;
use databases_api::shared::{ADOPT_REF, DATA_SOURCE_REF};
use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};
use serde_json::json;
use std::collections::BTreeSet;
use std::sync::Arc;
use tokio::sync::watch;

/// What is offered only where volumes can be made larger.
pub(super) const EXPANSION: &str = "PostgreSQLStorageExpansion";
/// What is offered only where a class gives its databases backups.
pub(super) const SNAPSHOT: &str = "PostgreSQLDeletionSnapshot";
/// What is offered there, too, where copies are made out of backups.
pub(super) const CLONE: &str = "PostgreSQLClone";
pub(super) const STORAGE_CLASSES: Resource =
    Resource { group: "storage.k8s.io", version: "v1", kind: "StorageClass", plural: "storageclasses" };

#[async_trait]
impl<D: Dialect> Backend for Operator<D> {
    fn controller_name(&self) -> &str {
        D::CONTROLLER_NAME
    }

    fn class_parameters(&self) -> Vec<ParametersKind> {
        D::CLASS_PARAMETERS.iter().map(ParametersKind::from).collect()
    }

    /// A ConfigMap whose key `spec` is a part of the main object's spec.
    fn object_parameters(&self) -> Vec<ParametersKind> {
        vec![ParametersKind { group: String::new(), version: "v1".into(), kind: "ConfigMap".into() }]
    }

    fn object_references(&self) -> Vec<ReferenceKind> {
        let kind = Parameters { group: D::MAIN.group, version: D::MAIN.version, kind: D::MAIN.kind };
        let adopted = ReferenceKind { path: ADOPT_REF.into(), kind: (&kind).into() };
        let secret = Parameters { group: SECRETS.group, version: SECRETS.version, kind: SECRETS.kind };
        let other = Parameters { group: GROUP, version: "v1", kind: "PostgreSQL" };
        let sources = [D::IMPORTS.then_some(secret), D::CLONES.map(|_| other)];
        let source = |kind: Parameters| ReferenceKind { path: DATA_SOURCE_REF.into(), kind: (&kind).into() };
        [adopted].into_iter().chain(sources.into_iter().flatten().map(source)).collect()
    }

    fn needed_once(&self) -> Vec<&'static str> {
        (D::IMPORTS || D::CLONES.is_some()).then_some(DATA_SOURCE_REF).into_iter().collect()
    }

    fn recognises(&self, group: &str) -> bool {
        group == D::MAIN.group
    }

    async fn offer(&self, class: &Class) -> Result<Offer, Error> {
        let installed = self.look_what_is_installed().await?;
        if !installed.serves(&D::MAIN) {
            let message = format!(
                "{} is not installed: this cluster serves no {} in version {}; install the operator",
                D::NAME,
                D::MAIN.qualified(),
                D::MAIN.version
            );
            return Ok(Offer { refused: Some(Refusal::new("Unsupported", message)), ..Offer::default() });
        }
        let mut offer = self.dialect.offer(class, &installed)?;
        if offer.features.iter().any(|feature| feature == EXPANSION) && !self.has_volumes_that_grow().await? {
            offer.features.retain(|feature| feature != EXPANSION);
        }
        match parameters::of_class(class) {
            Err(refusal) => offer.refused = offer.refused.or(Some(refusal)),
            Ok(spec) => {
                let backs_up = self.backs_up(&installed, &spec);
                let copies = self.copies_out_of_backups(&spec, backs_up).then_some(CLONE);
                offer
                    .features
                    .extend(backs_up.then_some(SNAPSHOT).into_iter().chain(copies).map(str::to_owned));
            }
        }
        Ok(offer)
    }

    fn news(&self) -> BoxStream<'static, News> {
        let told = |followed| match followed {
            Followed::One(uid) => News::Object { uid },
            Followed::Many => News::Everything,
        };
        let (installed, cluster) = (self.installed.subscribe(), self.cluster.clone());
        let followed = stream::once(async move {
            until_served(installed).await;
            let kinds = Self::kinds().filter(|kind| !kind.group.is_empty()).copied();
            let streams = kinds.map(|kind| cluster.follow_label(&kind, UID_LABEL));
            stream::select_all(streams.collect::<Vec<_>>())
        });
        stream::select(self.announcer.listen(), followed.flatten().map(told)).boxed()
    }

    fn warnings(&self) -> BoxStream<'static, Warning> {
        self.warned()
    }
}

/// Waits until something of an operator is installed.
pub(super) async fn until_served(mut installed: watch::Receiver<Option<Arc<Installed>>>) {
    let is_served = |known: &Installed| !known.served.is_empty();
    // It ends when the backend goes, and then nobody listens.
    let _ = installed.wait_for(|known| known.as_deref().is_some_and(is_served)).await;
}

impl<D: Dialect> Operator<D> {
    /// What the cluster has of the operator, as it was found when a class was looked at last.
    pub(super) async fn installed(&self) -> Result<Arc<Installed>, Error> {
        let known = self.installed.borrow().clone();
        match known {
            Some(known) => Ok(known),
            None => self.look_what_is_installed().await,
        }
    }

    /// Whether some StorageClass has volumes that can be made larger. Where that may not be known it is tried when it is asked for.
    async fn has_volumes_that_grow(&self) -> Result<bool, Error> {
        match self.cluster.all(&STORAGE_CLASSES).await {
            Ok(classes) => Ok(classes.iter().any(|class| class["allowVolumeExpansion"] == true)),
            Err(error) if error.is_forbidden() => Ok(true),
            Err(error) => Err(trouble::<D>(&error)),
        }
    }

    async fn look_what_is_installed(&self) -> Result<Arc<Installed>, Error> {
        let trouble = |error| trouble::<D>(&error);
        let kinds = Self::kinds().chain(D::CATALOGS).filter(|kind| !kind.group.is_empty());
        let groups: BTreeSet<(&str, &str)> = kinds.map(|kind| (kind.group, kind.version)).collect();
        let mut found = Installed::default();
        for (group, version) in groups {
            found.served.extend(self.cluster.served(group, version).await.map_err(trouble)?);
        }
        for kind in D::CATALOGS {
            if !found.serves(kind) {
                continue;
            }
            let all = self.cluster.all(kind).await.map_err(trouble)?;
            found.catalog.extend(all.iter().map(|object| {
                let name = at(object, "metadata.name");
                json!({"kind": kind.kind, "metadata": {"name": name}, "spec": object["spec"]})
            }));
        }
        if D::READS_SCHEMA {
            found.versions = D::versions(&self.cluster.schema(&D::MAIN).await.map_err(trouble)?);
        }
        let found = Arc::new(found);
        let is_news = self.installed.send_if_modified(|known| {
            let is_news = known.as_ref() != Some(&found);
            *known = Some(found.clone());
            is_news
        });
        if is_news {
            self.announcer.tell(News::Everything);
        }
        Ok(found)
    }
}
