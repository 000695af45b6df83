//! ConfigMap `kube-system/extension-apiserver-authentication`: whom the cluster believes about users (A-02).

use super::{Cluster, Error, chain};
use futures_util::StreamExt;
use k8s_openapi::api::core::v1::ConfigMap;
use kube::api::Api;
use kube::runtime::WatchStreamExt;
use kube::runtime::watcher::{self, Event, watcher};
use std::collections::BTreeMap;
use tokio_util::sync::CancellationToken;

const NAMESPACE: &str = "kube-system";
const NAME: &str = "extension-apiserver-authentication";

/// What the ConfigMap says. A missing ConfigMap says nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Authentication {
    /// The authorities of client certificates, in PEM; empty when there are none.
    pub client_ca: String,
    /// The authorities of the front proxy's certificate, in PEM; empty when there is no front proxy.
    pub front_proxy_ca: String,
    /// The common names a front proxy may have; none named: any.
    pub allowed_names: Vec<String>,
    /// The headers that may carry the user's name, in the order they are looked at.
    pub username_headers: Vec<String>,
    /// The headers that carry groups.
    pub group_headers: Vec<String>,
    /// The prefixes of headers that carry extra values.
    pub extra_header_prefixes: Vec<String>,
    /// The headers that may carry the user's uid.
    pub uid_headers: Vec<String>,
}

impl Authentication {
    /// Reads the ConfigMap's data; an entry that cannot be read is as good as none, and is logged.
    fn of(data: &BTreeMap<String, String>) -> Authentication {
        let text = |key: &str| data.get(key).cloned().unwrap_or_default();
        let list = |key: &str| {
            let Some(text) = data.get(key).filter(|text| !text.is_empty()) else { return Vec::new() };
            serde_json::from_str(text).unwrap_or_else(|error| {
                tracing::error!(%error, key, "an entry of ConfigMap {NAMESPACE}/{NAME} is no list of strings");
                Vec::new()
            })
        };
        Authentication {
            client_ca: text("client-ca-file"),
            front_proxy_ca: text("requestheader-client-ca-file"),
            allowed_names: list("requestheader-allowed-names"),
            username_headers: list("requestheader-username-headers"),
            group_headers: list("requestheader-group-headers"),
            extra_header_prefixes: list("requestheader-extra-headers-prefix"),
            uid_headers: list("requestheader-uid-headers"),
        }
    }
}

impl Cluster {
    /// Tells `changed` what the ConfigMap says, at first and whenever that changes. While the cluster cannot be reached,
    /// and when the ConfigMap goes, the last word stands. An error when it may not be read from the beginning on; who
    /// tolerates that is told of an empty one.
    pub async fn follow_authentication(
        &self,
        ended: CancellationToken,
        tolerant: bool,
        changed: impl Fn(&Authentication),
    ) -> Result<(), Error> {
        let api: Api<ConfigMap> = Api::namespaced(self.client.clone(), NAMESPACE);
        let config = watcher::Config::default().fields(&format!("metadata.name={NAME}"));
        let mut events = watcher(api, config).default_backoff().boxed();
        let mut known = None;
        let mut seen = false;
        loop {
            let event = tokio::select! {
                event = events.next() => event,
                () = ended.cancelled() => return Ok(()),
            };
            let next = match event {
                None => return Ok(()),
                Some(Ok(Event::Init)) => {
                    seen = false;
                    continue;
                }
                Some(Ok(Event::Apply(map) | Event::InitApply(map))) => {
                    seen = true;
                    Authentication::of(&map.data.unwrap_or_default())
                }
                // A cluster without it authenticates by tokens alone.
                Some(Ok(Event::InitDone)) if !seen && known.is_none() => Authentication::default(),
                Some(Ok(Event::InitDone)) => continue,
                Some(Ok(Event::Delete(_))) => {
                    tracing::warn!("ConfigMap {NAMESPACE}/{NAME} is gone; what it said stands");
                    continue;
                }
                Some(Err(error)) if known.is_none() && is_refusal(&error) => {
                    if !tolerant {
                        return Err(Error::Authentication);
                    }
                    tracing::warn!(
                        error = chain(&error),
                        "ConfigMap {NAMESPACE}/{NAME} may not be read; going on without it"
                    );
                    Authentication::default()
                }
                Some(Err(error)) => {
                    tracing::warn!(
                        error = chain(&error),
                        "cannot follow ConfigMap {NAMESPACE}/{NAME}; trying again"
                    );
                    continue;
                }
            };
            if known.as_ref() != Some(&next) {
                changed(&next);
                known = Some(next);
            }
        }
    }
}

/// Whether the cluster has answered, and will not tell.
fn is_refusal(error: &watcher::Error) -> bool {
    match error {
        watcher::Error::InitialListFailed(kube::Error::Api(status)) => matches!(status.code, 401 | 403),
        watcher::Error::WatchStartFailed(kube::Error::Api(status)) => matches!(status.code, 401 | 403),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_list_is_as_good_as_none() {
        let data = [
            ("requestheader-allowed-names", "front"),
            ("requestheader-group-headers", r#"["X-Remote-Group"]"#),
        ];
        let data = data.map(|(key, value)| (key.to_owned(), value.to_owned())).into();
        let expected =
            Authentication { group_headers: vec!["X-Remote-Group".into()], ..Authentication::default() };
        assert_eq!(Authentication::of(&data), expected);
    }
}
