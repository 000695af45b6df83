//! What an operator warns of, as events about its objects.

use super::{Dialect, Operator, UID_LABEL, at};
use crate::backend::Warning;
use crate::cluster::{Cluster, Place, Resource, Warned};
use futures_util::StreamExt;
use futures_util::stream::{self, BoxStream};

impl<D: Dialect> Operator<D> {
    /// The warnings about main objects, and about what the operator makes of them under their names.
    pub(super) fn warned(&self) -> BoxStream<'static, Warning> {
        let (installed, cluster) = (self.installed.subscribe(), self.cluster.clone());
        let followed = stream::once(async move {
            super::offer::until_served(installed).await;
            let kinds = [const { &D::MAIN }].into_iter().chain(D::NAMESAKES);
            let streams = kinds.map(|kind| {
                let cluster = cluster.clone();
                let warned = cluster.follow_warnings(kind);
                warned.filter_map(move |warned| whose::<D>(cluster.clone(), kind, warned)).boxed()
            });
            stream::select_all(streams.collect::<Vec<_>>())
        });
        followed.flatten().boxed()
    }
}

/// A warning as one of ours, where its main object is one's implementation.
async fn whose<D: Dialect>(cluster: Cluster, kind: &Resource, warned: Warned) -> Option<Warning> {
    let Warned { namespace, name, uid, reason, message } = warned;
    let place = Place { resource: &D::MAIN, namespace: &namespace, name: &name };
    let main = cluster.look(place).await.ok().flatten()?;
    // An object of that name that was there before.
    if *kind == D::MAIN && at(&main, "metadata.uid") != uid {
        return None;
    }
    let owner = main["metadata"]["labels"][UID_LABEL].as_str()?.to_owned();
    Some(Warning { uid: owner, reason, message: format!("{} {name}: {message}", kind.kind) })
}
