//! Bearer tokens, which only the host cluster can read.

use super::verdicts::Verdicts;
use crate::cluster::Cluster;
use crate::pipeline::{Authenticator, Peer, Rejected, UserInfo};
use http::HeaderMap;
use http::header::AUTHORIZATION;
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
        crate::pipeline::authentication::authenticated(Arc::new(info))
    }))
}

impl Authenticator for Tokens {
    async fn authenticate(&self, _: &Peer, headers: &HeaderMap) -> Result<Option<Arc<UserInfo>>, Rejected> {
        let Some(token) = bearer(headers) else { return Ok(None) };
        let key: [u8; 32] = Sha256::new().chain_update(self.salt).chain_update(token).finalize().into();
        let verdict = self.verdicts.get(key, || ask(self.cluster.clone(), token.to_owned())).await;
        // Without a word of the cluster nobody can be believed.
        verdict.map_err(|reason| Rejected(format!("the token cannot be reviewed: {reason}")))?.map(Some)
    }
}

/// The token of `Authorization: Bearer TOKEN`.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.trim().split_once(' ')?;
    Some(token.trim()).filter(|token| scheme.eq_ignore_ascii_case("bearer") && !token.is_empty())
}
