//! What an operator offers, and its news.

use super::{Dialect, Operator, Parameters, UID_LABEL, trouble};
use crate::backend::{Backend, Class, Error, News, Offer, ParametersKind, ReferenceKind, Refusal};
use crate::cluster::Followed;
use async_trait::async_trait;
use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};

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
        vec![ReferenceKind { path: "spec.adoptRef".into(), kind: (&kind).into() }]
    }

    fn recognises(&self, group: &str) -> bool {
        group == D::MAIN.group
    }

    async fn offer(&self, class: &Class) -> Result<Offer, Error> {
        let served = self.cluster.served(D::MAIN.group, D::MAIN.version).await;
        let served = served.map_err(|error| trouble::<D>(&error))?;
        let is_news = self.served.send_if_modified(|known| {
            let is_news = *known != served;
            known.clone_from(&served);
            is_news
        });
        if is_news {
            self.announcer.tell(News::Everything);
        }
        if !served.iter().any(|name| name == D::MAIN.plural) {
            let message = format!(
                "{} is not installed: this cluster serves no {} in version {}; install the operator",
                D::NAME,
                D::MAIN.qualified(),
                D::MAIN.version
            );
            return Ok(Offer { refused: Some(Refusal::new("Unsupported", message)), ..Offer::default() });
        }
        self.dialect.offer(class, &served)
    }

    fn news(&self) -> BoxStream<'static, News> {
        let told = |followed| match followed {
            Followed::One(uid) => News::Object { uid },
            Followed::Many => News::Everything,
        };
        let (mut served, cluster) = (self.served.subscribe(), self.cluster.clone());
        let followed = stream::once(async move {
            // It ends when the backend goes, and then nobody listens.
            let _ = served.wait_for(|served| !served.is_empty()).await;
            let kinds = [D::MAIN].into_iter().chain(D::BESIDE.iter().copied());
            let streams = kinds.map(|kind| cluster.follow_label(&kind, UID_LABEL));
            stream::select_all(streams.collect::<Vec<_>>())
        });
        stream::select(self.announcer.listen(), followed.flatten().map(told)).boxed()
    }
}
