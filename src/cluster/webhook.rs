//! The way to a webhook of the host cluster: by its Service or its URL, with the authorities its configuration names.

use super::{Cluster, chain, webhook_tls};
use bytes::Bytes;
use futures_util::future::BoxFuture;
use http::header::{ACCEPT, CONTENT_TYPE, HeaderValue};
use http::{Method, Request, StatusCode, Uri};
use http_body_util::{BodyExt, Full, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::dns::Name;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use k8s_openapi::api::admissionregistration::v1::{ServiceReference, WebhookClientConfig};
use k8s_openapi::api::core::v1::Service;
use kube::api::Api;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::timeout;

/// The longest answer that is read.
const ANSWER_LIMIT: usize = 10 * 1024 * 1024;

/// A webhook that can be called.
pub struct Webhook {
    client: Client<HttpsConnector<HttpConnector<Resolver>>, Full<Bytes>>,
    url: String,
}

impl Cluster {
    /// A webhook by what its configuration says of it; the error says what is wrong with that.
    pub fn webhook(&self, config: &WebhookClientConfig) -> Result<Webhook, String> {
        let (url, service) = match (&config.service, &config.url) {
            (Some(service), _) => (service_url(service), Some(service.clone())),
            (None, Some(url)) => (url.clone(), None),
            (None, None) => return Err("its configuration has neither a service nor a url".into()),
        };
        let uri: Uri = url.parse().map_err(|error| format!("its URL {url:?} cannot be read: {error}"))?;
        if uri.scheme_str() != Some("https") {
            return Err(format!("its URL {url:?} is not https"));
        }
        let ca = config.ca_bundle.as_ref().map_or(&[][..], |bundle| &bundle.0);
        let mut http = HttpConnector::new_with_resolver(Resolver {
            cluster: self.clone(),
            service: service.map(Arc::new),
        });
        http.enforce_http(false);
        http.set_nodelay(true);
        let https = HttpsConnectorBuilder::new()
            .with_tls_config(webhook_tls::config(ca)?)
            .https_only()
            .enable_all_versions()
            .wrap_connector(http);
        let client = Client::builder(TokioExecutor::new()).pool_timer(TokioTimer::new()).build(https);
        Ok(Webhook { client, url })
    }
}

fn service_url(service: &ServiceReference) -> String {
    let ServiceReference { name, namespace, path, port } = service;
    let path = path.as_deref().unwrap_or_default().trim_start_matches('/');
    format!("https://{name}.{namespace}.svc:{}/{path}", port.unwrap_or(443))
}

impl Webhook {
    /// Sends a review and returns the answer's body, or why there is none.
    pub async fn call(&self, review: Bytes, limit: Duration) -> Result<Bytes, String> {
        let mark = if self.url.contains('?') { '&' } else { '?' };
        let url = format!("{}{mark}timeout={}s", self.url, limit.as_secs());
        let outcome = match timeout(limit, self.post(&url, review)).await {
            Ok(outcome) => outcome,
            Err(_) => Err("context deadline exceeded".to_owned()),
        };
        outcome.map_err(|reason| format!("failed to call webhook: Post {url:?}: {reason}"))
    }

    async fn post(&self, url: &str, review: Bytes) -> Result<Bytes, String> {
        let json = HeaderValue::from_static("application/json");
        let request = Request::builder()
            .method(Method::POST)
            .uri(url)
            .header(CONTENT_TYPE, &json)
            .header(ACCEPT, &json)
            .body(Full::new(review))
            .map_err(|error| error.to_string())?;
        let response = self.client.request(request).await.map_err(|error| chain(&error))?;
        let status = response.status();
        if status != StatusCode::OK {
            return Err(format!("the webhook answered {status}"));
        }
        let body = Limited::new(response.into_body(), ANSWER_LIMIT).collect().await;
        body.map(|body| body.to_bytes()).map_err(|error| error.to_string())
    }
}

/// Finds a Service as the cluster's own API server does: by what the cluster says of it; names otherwise.
#[derive(Clone)]
struct Resolver {
    cluster: Cluster,
    service: Option<Arc<ServiceReference>>,
}

impl Resolver {
    async fn addresses(self, name: Name) -> Result<Vec<SocketAddr>, std::io::Error> {
        let mut host = name.as_str().to_owned();
        if let Some(reference) = self.service {
            let api: Api<Service> = Api::namespaced(self.cluster.client.clone(), &reference.namespace);
            // Where Services may not be read, the names of the cluster's DNS are left.
            if let Ok(service) = api.get(&reference.name).await {
                let spec = service.spec.unwrap_or_default();
                host = match (spec.external_name, spec.cluster_ip.as_deref()) {
                    (Some(external), _) if spec.type_.as_deref() == Some("ExternalName") => external,
                    (_, Some(address)) if address.parse::<IpAddr>().is_ok() => address.to_owned(),
                    _ => host,
                };
            }
        }
        // The connector takes the port from the URL.
        Ok(tokio::net::lookup_host((host, 0)).await?.collect())
    }
}

impl tower::Service<Name> for Resolver {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = std::io::Error;
    type Future = BoxFuture<'static, Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let resolver = self.clone();
        Box::pin(async move { resolver.addresses(name).await.map(Vec::into_iter) })
    }
}
