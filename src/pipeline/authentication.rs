//! Who asks?
//!
//! Needs: the connection's certificates and the request's headers. Provides: the user, in `system:authenticated`
//! unless anonymous, and headers without anything that could pass for an identity. Refuses with: 401 when an
//! authenticator rejects what the request carries, or when anonymous requests are not taken.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use arc_swap::{ArcSwap, ArcSwapOption};
use http::HeaderMap;
use http::header::{AUTHORIZATION, HeaderName};
use rustls::pki_types::CertificateDer;
use sha2::{Digest, Sha256};

use super::status::Refusal;
use super::user::{AUTHENTICATED_GROUP, UserInfo};
use super::websocket;
use crate::serve::{CaBundle, Connection, Identity, verify_client};

/// What may prove an identity, and what was verified of it before.
#[derive(Debug)]
pub struct Peer {
    connection: Connection,
    verified: ArcSwap<Vec<Verified>>,
}

/// The name of what tells a user's credentials apart, as Kubernetes has it.
const CREDENTIAL_ID: &str = "authentication.kubernetes.io/credential-id";
/// How many bundles' verdicts a connection remembers.
const REMEMBERED: usize = 4;
/// How long a rejection is remembered; a certificate may become valid.
const REJECTION_SECONDS: i64 = 10;

#[derive(Clone, Debug)]
struct Verified {
    bundle: u64,
    until: i64,
    verdict: Result<Arc<UserInfo>, Rejected>,
}

/// An authenticator found credentials that it must not accept. The reason is for the log, not for the caller.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{0}")]
pub struct Rejected(pub String);

/// Finds out who asks.
pub trait Authenticator: Send + Sync + 'static {
    /// The user, nobody when the request carries nothing this authenticator knows, or a rejection.
    fn authenticate(
        &self,
        peer: &Peer,
        headers: &HeaderMap,
    ) -> impl Future<Output = Result<Option<Arc<UserInfo>>, Rejected>> + Send;

    /// Removes the headers that this authenticator might have believed, beside those that are always removed.
    fn strip(&self, _: &mut HeaderMap) {}
}

/// The first that knows the caller decides. A rejection counts only if the other does not know the caller either.
impl<First: Authenticator, Second: Authenticator> Authenticator for (First, Second) {
    async fn authenticate(
        &self,
        peer: &Peer,
        headers: &HeaderMap,
    ) -> Result<Option<Arc<UserInfo>>, Rejected> {
        match self.0.authenticate(peer, headers).await {
            Ok(Some(user)) => Ok(Some(user)),
            Ok(None) => self.1.authenticate(peer, headers).await,
            Err(rejected) => self.1.authenticate(peer, headers).await?.map(Some).ok_or(rejected),
        }
    }

    fn strip(&self, headers: &mut HeaderMap) {
        self.0.strip(headers);
        self.1.strip(headers);
    }
}

impl<A: Authenticator> Authenticator for Arc<A> {
    async fn authenticate(
        &self,
        peer: &Peer,
        headers: &HeaderMap,
    ) -> Result<Option<Arc<UserInfo>>, Rejected> {
        (**self).authenticate(peer, headers).await
    }

    fn strip(&self, headers: &mut HeaderMap) {
        (**self).strip(headers);
    }
}

/// Users by client certificates: the common name is the user, the organizations are the groups.
#[derive(Debug, Default)]
pub struct ClientCertificates {
    bundle: ArcSwapOption<CaBundle>,
}

impl ClientCertificates {
    /// Believes the certificates the bundle vouches for.
    pub fn new(bundle: CaBundle) -> Self {
        Self { bundle: ArcSwapOption::from_pointee(bundle) }
    }

    /// Believes another bundle, or none, from the next request on, also on open connections.
    pub fn reload(&self, bundle: Option<CaBundle>) {
        self.bundle.store(bundle.map(Arc::new));
    }
}

impl Authenticator for ClientCertificates {
    async fn authenticate(&self, peer: &Peer, _: &HeaderMap) -> Result<Option<Arc<UserInfo>>, Rejected> {
        match &*self.bundle.load() {
            Some(bundle) if !peer.certificates().is_empty() => peer.verified_by(bundle).map(Some),
            _ => Ok(None),
        }
    }
}

/// Nobody gives tokens: one that is shown is nobody's.
#[derive(Debug, Default)]
pub struct NoTokens;

impl Authenticator for NoTokens {
    async fn authenticate(&self, _: &Peer, headers: &HeaderMap) -> Result<Option<Arc<UserInfo>>, Rejected> {
        match bearer(headers) {
            Some(_) => Err(Rejected("users are known by their certificates; there are no tokens".to_owned())),
            None => Ok(None),
        }
    }
}

/// The token of `Authorization: Bearer TOKEN`.
pub(super) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = std::str::from_utf8(headers.get(AUTHORIZATION)?.as_bytes()).ok()?;
    let (scheme, token) = value.trim().split_once(' ')?;
    Some(token.trim()).filter(|token| scheme.eq_ignore_ascii_case("bearer") && !token.is_empty())
}

impl Peer {
    pub(super) fn new(connection: Connection) -> Self {
        Self { connection, verified: ArcSwap::default() }
    }

    /// The peer's address.
    pub fn address(&self) -> SocketAddr {
        self.connection.peer()
    }

    /// The chain the peer presented, leaf first, not verified.
    pub fn certificates(&self) -> &[CertificateDer<'static>] {
        self.connection.certificates()
    }

    /// The user the presented certificate names if `bundle` vouches for it. Verified once for a connection, and again
    /// when the bundle changes or the certificate expires.
    pub fn verified_by(&self, bundle: &CaBundle) -> Result<Arc<UserInfo>, Rejected> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs() as i64);
        let known = self.verified.load();
        if let Some(known) = known.iter().find(|known| known.bundle == bundle.id() && now <= known.until) {
            return known.verdict.clone();
        }
        let fresh = self.verify(bundle, now);
        let verdict = fresh.verdict.clone();
        let others = known.iter().filter(|known| known.bundle != bundle.id());
        self.verified.store(Arc::new([fresh].into_iter().chain(others.cloned()).take(REMEMBERED).collect()));
        verdict
    }

    fn verify(&self, bundle: &CaBundle, now: i64) -> Verified {
        let leaf = self.certificates().first().map_or(&[][..], |leaf| leaf.as_ref());
        let (until, verdict) = match verify_client(self.certificates(), bundle) {
            Ok(identity) => (identity.not_after, Ok(Arc::new(user_of(identity, leaf)))),
            Err(error) => (now + REJECTION_SECONDS, Err(Rejected(error.to_string()))),
        };
        Verified { bundle: bundle.id(), until, verdict }
    }

    pub(super) fn close(&self) {
        self.connection.close();
    }
}

/// The user that a certificate names, with the hash of that certificate: in an audit log it tells which of them was used.
fn user_of(identity: Identity, leaf: &[u8]) -> UserInfo {
    let mut user = UserInfo::new(identity.common_name, identity.organizations);
    user.uid = identity.uid;
    let hash: String = Sha256::digest(leaf).iter().map(|byte| format!("{byte:02x}")).collect();
    user.extra = vec![(CREDENTIAL_ID.to_owned(), vec![format!("X509SHA256={hash}")])];
    if !user.is_anonymous() && !user.is_in(AUTHENTICATED_GROUP) {
        user.groups.push(AUTHENTICATED_GROUP.to_owned());
    }
    user
}

/// Whether requests without credentials are served as `system:anonymous`.
#[derive(Clone, Debug)]
pub(super) struct Anonymous(pub(super) Option<Arc<UserInfo>>);

/// Finds the user of a request and strips the headers that could pass for an identity.
pub(super) async fn identify<N: Authenticator>(
    authenticator: &N,
    anonymous: &Anonymous,
    peer: &Peer,
    headers: &mut HeaderMap,
) -> Result<Arc<UserInfo>, Refusal> {
    let shown = websocket::take_token(headers);
    let found = authenticator.authenticate(peer, headers).await;
    authenticator.strip(headers);
    strip(headers);
    // What is wrong with a token counts only for who is not known otherwise.
    let found = match found {
        Ok(None) => shown.map(|()| None),
        found => found,
    };
    match found {
        Ok(Some(user)) => Ok(authenticated(user)),
        Ok(None) => anonymous.0.clone().ok_or(Refusal::Unauthorized),
        Err(rejected) => {
            tracing::info!(peer = %peer.address(), reason = %rejected, "authentication failed");
            Err(Refusal::Unauthorized)
        }
    }
}

/// Adds the group every authenticated user is in; authenticators that remember users add it themselves.
pub(super) fn authenticated(mut user: Arc<UserInfo>) -> Arc<UserInfo> {
    if !user.is_anonymous() && !user.is_in(AUTHENTICATED_GROUP) {
        Arc::make_mut(&mut user).groups.push(AUTHENTICATED_GROUP.to_owned());
    }
    user
}

/// Removes credentials and asserted identities; only an authenticator may have believed them.
fn strip(headers: &mut HeaderMap) {
    headers.remove(AUTHORIZATION);
    let asserted = |name: &&HeaderName| name.as_str().starts_with("x-remote-");
    while let Some(name) = headers.keys().find(asserted).cloned() {
        headers.remove(name);
    }
}
