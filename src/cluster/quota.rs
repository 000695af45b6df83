//! ResourceQuotas of the host cluster that count our objects.
//!
//! The cluster's own controller counts what there is, a moment later. So that nobody creates more in that moment, what is
//! created is counted at once, by an update that nobody else's can overtake.

use super::{Cluster, Error};
use arc_swap::ArcSwap;
use k8s_openapi::api::core::v1::ResourceQuota;
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use kube::api::Api;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// A quota that somebody else changed is read again so many times.
const ATTEMPTS: usize = 5;

/// Why a quota does not let an object pass.
#[derive(Debug, thiserror::Error)]
pub enum QuotaError {
    /// There is no room, or it is not known yet whether there is.
    #[error("{0}")]
    Refused(String),
    /// The quota cannot be charged.
    #[error(transparent)]
    Cluster(#[from] Error),
}

/// The quotas that count objects of one API group.
#[derive(Clone)]
pub struct Quotas {
    cluster: Cluster,
    known: Arc<ArcSwap<HashMap<String, Vec<ResourceQuota>>>>,
    complete: watch::Receiver<bool>,
}

impl Quotas {
    /// Those of a server that counts in none.
    pub fn none(cluster: Cluster) -> Quotas {
        let (_, complete) = watch::channel(true);
        Quotas { cluster, known: Arc::default(), complete }
    }

    /// Starts to follow them, until `ended`. `suffix` ends the names of the counts, such as `.apps`.
    pub fn follow(cluster: Cluster, suffix: String, ended: CancellationToken) -> Quotas {
        let (done, complete) = watch::channel(false);
        let quotas = Quotas { cluster: cluster.clone(), known: Arc::default(), complete };
        let known = quotas.known.clone();
        tokio::spawn(async move {
            let changed = |all: Vec<Arc<ResourceQuota>>| {
                known.store(Arc::new(by_namespace(&all, &suffix)));
                done.send_replace(true);
            };
            cluster.follow_all(ended, changed).await;
        });
        quotas
    }

    /// Returns once all quotas are known.
    pub async fn ready(&self) {
        // The sender goes only with the server.
        let _ = self.complete.clone().wait_for(|complete| *complete).await;
    }

    /// Counts one more of `resource` in every quota of a namespace, or refuses. A dry run counts nothing.
    pub async fn take(&self, namespace: &str, resource: &str, dry_run: bool) -> Result<(), QuotaError> {
        let count = format!("count/{resource}");
        let known = self.known.load_full();
        let quotas = known.get(namespace).map_or(&[][..], Vec::as_slice);
        let counting: Vec<&ResourceQuota> = quotas
            .iter()
            .filter(|quota| limits(quota).is_some_and(|hard| hard.contains_key(&count)))
            .collect();
        for quota in &counting {
            counted(quota, &count)?;
        }
        if dry_run {
            return Ok(());
        }
        for quota in counting {
            self.charge(quota, &count).await?;
        }
        Ok(())
    }

    async fn charge(&self, quota: &ResourceQuota, count: &str) -> Result<(), QuotaError> {
        let namespace = quota.metadata.namespace.as_deref().unwrap_or_default();
        let name = quota.metadata.name.as_deref().unwrap_or_default();
        let api: Api<ResourceQuota> = Api::namespaced(self.cluster.client.clone(), namespace);
        let mut charged = counted(quota, count)?;
        for _ in 0..ATTEMPTS {
            match api.replace_status(name, &self.cluster.named(), &charged).await {
                Ok(_) => return Ok(()),
                Err(kube::Error::Api(status)) if status.code == 409 => {}
                Err(kube::Error::Api(status)) if status.code == 404 => return Ok(()),
                Err(error) => return Err(Error::from(error).into()),
            }
            let Some(newest) = api.get_opt(name).await.map_err(Error::from)? else { return Ok(()) };
            charged = counted(&newest, count)?;
        }
        Err(QuotaError::Refused(format!("quota {name} changes too often to be charged; try again")))
    }
}

fn by_namespace(all: &[Arc<ResourceQuota>], suffix: &str) -> HashMap<String, Vec<ResourceQuota>> {
    let mut quotas: HashMap<String, Vec<ResourceQuota>> = HashMap::new();
    for quota in all {
        if limits(quota).is_some_and(|hard| hard.keys().any(|name| name.ends_with(suffix))) {
            let namespace = quota.metadata.namespace.clone().unwrap_or_default();
            quotas.entry(namespace).or_default().push(ResourceQuota::clone(quota));
        }
    }
    quotas.values_mut().for_each(|quotas| quotas.sort_by(|a, b| a.metadata.name.cmp(&b.metadata.name)));
    quotas
}

/// The limits of a quota; none of one that counts only what has a scope, which our objects have not.
fn limits(quota: &ResourceQuota) -> Option<&BTreeMap<String, Quantity>> {
    let spec = quota.spec.as_ref()?;
    let scoped =
        spec.scopes.as_ref().is_some_and(|scopes| !scopes.is_empty()) || spec.scope_selector.is_some();
    spec.hard.as_ref().filter(|_| !scoped)
}

/// The quota with one more counted.
fn counted(quota: &ResourceQuota, count: &str) -> Result<ResourceQuota, QuotaError> {
    let name = quota.metadata.name.as_deref().unwrap_or_default();
    let status = quota.status.as_ref();
    let number = |map: Option<&BTreeMap<String, Quantity>>| map?.get(count)?.0.parse::<u64>().ok();
    let hard = number(status.and_then(|status| status.hard.as_ref()));
    let used = number(status.and_then(|status| status.used.as_ref()));
    let (Some(hard), Some(used)) = (hard, used) else {
        return Err(QuotaError::Refused(format!("status unknown for quota: {name}, resources: {count}")));
    };
    if used >= hard {
        return Err(QuotaError::Refused(format!(
            "exceeded quota: {name}, requested: {count}=1, used: {count}={used}, limited: {count}={hard}"
        )));
    }
    let mut charged = quota.clone();
    let map = charged.status.get_or_insert_default().used.get_or_insert_default();
    map.insert(count.to_owned(), Quantity((used + 1).to_string()));
    Ok(charged)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const COUNT: &str = "count/postgresqls.example.com";

    fn quota(spec: serde_json::Value, status: serde_json::Value) -> ResourceQuota {
        serde_json::from_value(
            json!({"metadata": {"name": "q", "namespace": "n"}, "spec": spec, "status": status}),
        )
        .unwrap()
    }

    #[test]
    fn one_more_is_counted_until_the_limit() {
        let hard = json!({"hard": {COUNT: "2"}});
        let with = |used: &str| quota(hard.clone(), json!({"hard": {COUNT: "2"}, "used": {COUNT: used}}));
        let charged = counted(&with("1"), COUNT).unwrap();
        assert_eq!(charged.status.unwrap().used.unwrap()[COUNT].0, "2");
        let refused = counted(&with("2"), COUNT).unwrap_err().to_string();
        assert_eq!(
            refused,
            format!("exceeded quota: q, requested: {COUNT}=1, used: {COUNT}=2, limited: {COUNT}=2")
        );
        let unknown = counted(&quota(hard, json!({})), COUNT).unwrap_err().to_string();
        assert_eq!(unknown, format!("status unknown for quota: q, resources: {COUNT}"));
    }

    #[test]
    fn only_quotas_that_count_ours_are_kept() {
        let ours = quota(json!({"hard": {COUNT: "2"}}), json!({}));
        let pods = quota(json!({"hard": {"pods": "2"}}), json!({}));
        let scoped = quota(json!({"hard": {COUNT: "2"}, "scopes": ["Terminating"]}), json!({}));
        let all = [Arc::new(ours), Arc::new(pods), Arc::new(scoped)];
        assert_eq!(by_namespace(&all, ".example.com")["n"].len(), 1);
    }
}
