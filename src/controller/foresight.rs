//! What a change of an object will disturb, and what a class will be offered, asked while somebody is still looking: on every
//! replica, whichever of them acts.

use super::{Controllers, Kinds, class};
use crate::backend::Plan;
use crate::cluster::Cluster;
use crate::registry::Registry;
use apimachinery::kind::Hub;
use databases_api::databaseclass::DatabaseClass;
use std::sync::{Arc, OnceLock};

/// Who can be asked.
pub struct Foresight {
    kinds: Kinds,
    cluster: OnceLock<Cluster>,
}

impl Foresight {
    /// Of these backends. Nobody is asked before there is a cluster to read in what an object refers to.
    pub fn new(kinds: Kinds) -> Self {
        Foresight { kinds, cluster: OnceLock::new() }
    }

    /// There is a cluster.
    pub fn begin(&self, cluster: &Cluster) {
        self.cluster.get_or_init(|| cluster.clone());
    }

    /// What an object as it is about to be written will disturb; none where nobody can say so.
    pub async fn plan(&self, registry: Arc<Registry>, object: &dyn Hub) -> Option<Plan> {
        let (kinds, cluster) = (self.kinds.clone(), self.cluster.get()?.clone());
        let controllers = Controllers { registry, cluster, kinds };
        controllers.kinds.foretell(&controllers, object).await
    }

    /// Whether a backend of this server has a name.
    pub fn knows(&self, controller_name: &str) -> bool {
        self.kinds.know(controller_name)
    }

    /// A class with what its backend would offer it as it is about to be written; none where nobody can say so.
    pub async fn offered(&self, registry: Arc<Registry>, class: &DatabaseClass) -> Option<DatabaseClass> {
        let (kinds, cluster) = (self.kinds.clone(), self.cluster.get()?.clone());
        class::foretell(&Controllers { registry, cluster, kinds }, class).await
    }
}
