//! Bearer tokens, which only the host cluster can read.

use super::verdicts::Verdicts;
use crate::cluster::Cluster;
use crate::pipeline::authentication::{authenticated, bearer};
use crate::pipeline::{Authenticator, Peer, Rejected, UserInfo};
use http::HeaderMap;
use sha2::{Digest, Sha256};
use std::sync::Arc;
use std::time::Duration;

type Verdict = Result<Arc<UserInfo>, Rejected>;

/// Users by bearer tokens, as the host cluster says.
pub struct Tokens {
    cluster: Cluster,
    verdicts: Verdicts<[u8; 32], Verdict>,
    /// Keeps the keys of verdicts from being anything that can be looked up.
    salt: [u8; 32],
}

impl Tokens {
    /// Asks this cluster; its verdicts hold so long.
    pub fn new(cluster: Cluster, lifetime: Duration) -> Self {
        Tokens { cluster, verdicts: Verdicts::lasting(move |_| lifetime), salt: rand::random() }
    }
}

async fn ask(cluster: Cluster, token: String) -> Result<Verdict, String> {
    let review = cluster.review_token(&token).await.map_err(|error| error.to_string())?;
    Ok(review.map_err(Rejected).map(|user| {
        let mut info = UserInfo::new(user.username.unwrap_or_default(), user.groups.unwrap_or_default());
        info.uid = user.uid.unwrap_or_default();
        info.extra = user.extra.unwrap_or_default().into_iter().collect();
        authenticated(Arc::new(info))
    }))
}

impl Authenticator for Tokens {
    async fn authenticate(&self, _: &Peer, headers: &HeaderMap) -> Result<Option<Arc<UserInfo>>, Rejected> {
        match bearer(headers) {
            Some(token) => self.user(token).await.map(Some),
            None => Ok(None),
        }
    }
}

impl Tokens {
    /// Whose token it is. A verdict is of the whole token, and of no other.
    async fn user(&self, token: &str) -> Verdict {
        let key: [u8; 32] = Sha256::new().chain_update(self.salt).chain_update(token).finalize().into();
        let verdict = self.verdicts.get(key, || ask(self.cluster.clone(), token.to_owned())).await;
        // Without a word of the cluster nobody can be believed.
        verdict.map_err(|reason| Rejected(format!("the token cannot be reviewed: {reason}")))?
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::{Request, Response};
    use http_body_util::{BodyExt, Full};
    use serde_json::{Value, json};
    use std::convert::Infallible;
    use std::sync::atomic::{AtomicUsize, Ordering};

    /// A cluster that knows every token but those that are bad, and how often it was asked.
    fn cluster() -> (Cluster, Arc<AtomicUsize>) {
        let asked = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&asked);
        let service = tower::service_fn(move |request: Request<kube::client::Body>| {
            count.fetch_add(1, Ordering::Relaxed);
            async move {
                let body =
                    request.into_body().collect().await.map(|body| body.to_bytes()).unwrap_or_default();
                let mut review: Value = serde_json::from_slice(&body).unwrap();
                let token = review["spec"]["token"].as_str().unwrap().to_owned();
                let user = json!({"username": format!("user of {token}")});
                review["status"] = json!({"authenticated": !token.contains("bad"), "user": user});
                Ok::<_, Infallible>(Response::new(Full::from(review.to_string())))
            }
        });
        (Cluster::new(kube::Client::new(service, "default"), "tests"), asked)
    }

    #[tokio::test]
    async fn a_verdict_is_of_the_whole_token() {
        let (cluster, asked) = cluster();
        let tokens = Tokens::new(cluster, Duration::from_secs(60));
        let long = "a".repeat(4096);
        for _ in 0..2 {
            for end in ["", "b", "c", "bad"] {
                let token = format!("{long}{end}");
                match tokens.user(&token).await {
                    Ok(user) => assert_eq!(user.name, format!("user of {token}")),
                    Err(_) => assert_eq!(end, "bad"),
                }
            }
        }
        assert_eq!(asked.load(Ordering::Relaxed), 4, "each is asked for once");
    }
}
