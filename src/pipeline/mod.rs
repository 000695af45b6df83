//! What happens to every request before and after its handler: one function, read top-down.
//!
//! [`Pipeline`] is generic over who authenticates, who authorizes and who handles, and composed by hand: no layer is
//! boxed, and a request costs one [`Context`]. The body of requests is [`RequestBody`], so that a caller inside the
//! process takes the same way below authentication, through [`Pipeline::as_user`].

pub(crate) mod audit;
mod audit_id;
mod authentication;
mod authorization;
mod body;
mod client;
mod context;
mod deadline;
pub mod delegated;
mod head;
mod in_flight;
mod large;
mod path;
pub mod query;
mod record;
mod request_info;
mod selector;
mod session;
mod status;
mod unread;
mod user;
mod verb;
pub mod websocket;

use std::future::Future;
use std::net::IpAddr;
use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures_util::FutureExt;
use http::header::{CACHE_CONTROL, CONTENT_LENGTH, HeaderValue, TRANSFER_ENCODING};
use http::{HeaderMap, Method, Request, Response, StatusCode, Version, request};
use http_body::Body;
use tokio::time::Instant;

pub use audit::{Audit, Entry, ObjectFacts};
pub use authentication::{Authenticator, ClientCertificates, NoTokens, Peer, Rejected};
pub use authorization::{Authorizer, Decision, MastersOnly, Permission, denied};
pub use body::{BoxError, RequestBody, ResponseBody};
pub use client::InProcess;
pub use context::Context;
pub use in_flight::InFlightLimits;
pub use request_info::{RequestInfo, RequestInfoError};
pub use session::OnConnection;
pub use unread::waits_for_leave;
pub use user::{ANONYMOUS, AUTHENTICATED_GROUP, MASTERS_GROUP, UNAUTHENTICATED_GROUP, UserInfo};
pub use verb::Verb;

pub use crate::serve::{Stream, Takeover};

use crate::serve::Shutdown;
use crate::telemetry::RequestMetrics;
use authentication::Anonymous;
use in_flight::InFlight;
use record::Record;
use status::Refusal;

/// What answers requests that came through the pipeline.
pub trait Handler: Clone + Send + Sync + 'static {
    /// The body of its responses.
    type Body: Body<Data = Bytes, Error: Into<BoxError>> + Unpin + Send + 'static;

    /// Answers a request. It may be dropped at any `await` when the deadline is over.
    fn handle(
        &self,
        request: Request<RequestBody>,
        context: Arc<Context>,
    ) -> impl Future<Output = Response<Self::Body>> + Send;
}

/// What can be set about the pipeline.
#[derive(Clone, Debug)]
pub struct Options {
    /// The longest a request may take that is not long-running.
    pub timeout: Duration,
    /// How many requests are worked on at once.
    pub in_flight: InFlightLimits,
    /// Whether requests without credentials are served as `system:anonymous`.
    pub anonymous: bool,
    /// What records requests, if they are recorded.
    pub audit: Option<Arc<Audit>>,
}

impl Default for Options {
    fn default() -> Self {
        let in_flight = InFlightLimits::default();
        Self { timeout: Duration::from_secs(60), in_flight, anonymous: true, audit: None }
    }
}

/// The way of every request. Clones are the same pipeline.
#[derive(Debug)]
pub struct Pipeline<N, Z, H> {
    shared: Arc<Shared<N, Z, H>>,
}

#[derive(Debug)]
struct Shared<N, Z, H> {
    authenticator: N,
    authorizer: Z,
    handler: H,
    options: Options,
    anonymous: Anonymous,
    in_flight: InFlight,
    installed: AtomicBool,
    shutdown: Shutdown,
    metrics: RequestMetrics,
}

/// Where a request comes from.
enum Origin<'a> {
    Network(&'a Peer),
    InProcess(Arc<UserInfo>),
}

impl Origin<'_> {
    fn address(&self) -> Option<IpAddr> {
        match self {
            Self::Network(peer) => Some(peer.address().ip()),
            Self::InProcess(_) => None,
        }
    }
}

type Answer<H> = Response<ResponseBody<<H as Handler>::Body>>;

impl<N: Authenticator, Z: Authorizer, H: Handler> Pipeline<N, Z, H> {
    /// Composes a pipeline. Until [`Pipeline::complete`] is called, nothing is answered with 404.
    pub fn new(
        authenticator: N,
        authorizer: Z,
        handler: H,
        options: Options,
        shutdown: Shutdown,
        metrics: RequestMetrics,
    ) -> Self {
        let anonymous = Anonymous(options.anonymous.then(|| Arc::new(UserInfo::anonymous())));
        let in_flight = InFlight::new(options.in_flight, metrics.in_flight());
        let installed = AtomicBool::new(false);
        let shared = Shared {
            authenticator,
            authorizer,
            handler,
            options,
            anonymous,
            in_flight,
            installed,
            shutdown,
            metrics,
        };
        Self { shared: Arc::new(shared) }
    }

    /// Declares that every path is installed, so that a 404 means what it says.
    pub fn complete(&self) {
        self.shared.installed.store(true, Ordering::Release);
    }

    /// The authenticator, to reload what it believes.
    pub fn authenticator(&self) -> &N {
        &self.shared.authenticator
    }

    /// Sends requests as `user`, from inside the process, past authentication.
    pub fn as_user(&self, user: UserInfo) -> InProcess<N, Z, H> {
        InProcess::new(self.clone(), authentication::authenticated(Arc::new(user)))
    }

    /// The whole way of a request: everything that is true of every response.
    async fn answer(&self, origin: Origin<'_>, request: Request<RequestBody>) -> Answer<H> {
        let is_head = request.method() == Method::HEAD;
        let mut record = Record::begin(&request, audit_id::of(request.headers()));
        let outcome = AssertUnwindSafe(self.process(origin, request, &mut record)).catch_unwind().await;
        let mut response = match outcome {
            Ok(Ok(response)) => response,
            Ok(Err(refusal)) => {
                let response = refusal.into_response();
                record.refused(&response);
                response.map(ResponseBody::refusal)
            }
            Err(panic) => {
                record.panicked(&*panic);
                tracing::error!(audit_id = ?record.audit_id, "a request panicked");
                Refusal::Panic.into_response().map(ResponseBody::refusal)
            }
        };
        let headers = response.headers_mut();
        headers.insert(audit_id::AUDIT_ID, record.audit_id.clone());
        headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-cache, private"));
        let response = if is_head { without_content(response) } else { response };
        record.answered(response, &self.shared.metrics)
    }

    /// The stages, outermost first. Each may refuse; the order is what clients observe. A request that comes on a connection
    /// which is about to close is answered like any other: its client cannot know yet, and must lose nothing.
    async fn process(
        &self,
        origin: Origin<'_>,
        request: Request<RequestBody>,
        record: &mut Record,
    ) -> Result<Answer<H>, Refusal> {
        let shared = &*self.shared;
        let installed = shared.installed.load(Ordering::Acquire);
        let (mut parts, body) = request.into_parts();
        if has_unknown_coding(&parts.headers) {
            return Err(Refusal::TransferEncoding);
        }
        let info = record.info.insert(request_info(&parts)?).clone();
        let query = parts.uri.query().unwrap_or_default();
        let deadline = deadline::of(&info, query, record.received, shared.options.timeout)
            .or_else(|refusal| self.audit(record, &parts, &origin).and(Err(refusal)))?;
        let answered = pin!(async {
            let user = self.begin(origin, &mut parts, record).await?;
            // Whoever asks for somebody else's rights must not get his own.
            if parts.headers.keys().any(|name| name.as_str().starts_with("impersonate-")) {
                return Err(Refusal::Impersonation);
            }
            let place = shared.in_flight.enter(&user, &info, deadline).await?;
            let decision = shared.authorizer.authorize(&user, &info).await;
            record.authorized(&decision);
            authorization::enforce(decision, &user, &info)?;
            record.admitted = true;
            let context = Arc::new(self.context(record, user, info, deadline));
            let is_large = large::is_large(&body);
            let answer = pin!(shared.handler.handle(Request::from_parts(parts, body), context));
            let response = large::answered(is_large, answer).await;
            if response.status() == StatusCode::NOT_FOUND && !installed {
                return Err(Refusal::NotInstalled);
            }
            Ok(response.map(|body| ResponseBody::of_handler(body, deadline, place)))
        });
        let answered = deadline::enforce(deadline, answered).await;
        answered.map_err(|refusal| if installed { refusal } else { refusal.while_starting() })
    }

    /// The user. What becomes of the request is recorded from here on, if it is.
    async fn begin(
        &self,
        origin: Origin<'_>,
        parts: &mut request::Parts,
        record: &mut Record,
    ) -> Result<Arc<UserInfo>, Refusal> {
        let user = self.identify(&origin, parts).await;
        record.user = user.as_ref().ok().cloned();
        self.audit(record, parts, &origin)?;
        user
    }

    fn audit(&self, record: &mut Record, parts: &request::Parts, origin: &Origin<'_>) -> Result<(), Refusal> {
        match &self.shared.options.audit {
            Some(audit) => record.audit(audit, parts, origin.address()),
            None => Ok(()),
        }
    }

    /// The user; on HTTP/2 a connection that shows none is not kept, so that strangers cannot hold many streams.
    async fn identify(
        &self,
        origin: &Origin<'_>,
        parts: &mut request::Parts,
    ) -> Result<Arc<UserInfo>, Refusal> {
        let peer = match origin {
            Origin::InProcess(user) => return Ok(Arc::clone(user)),
            Origin::Network(peer) => peer,
        };
        let Shared { authenticator, anonymous, .. } = &*self.shared;
        let user = authentication::identify(authenticator, anonymous, peer, &mut parts.headers).await;
        let known = user.as_ref().is_ok_and(|user| !user.is_anonymous());
        if parts.version == Version::HTTP_2 && !known {
            peer.close();
        }
        user
    }

    fn context(
        &self,
        record: &Record,
        user: Arc<UserInfo>,
        info: RequestInfo,
        deadline: Option<Instant>,
    ) -> Context {
        let draining = self.shared.shutdown.draining().clone();
        Context {
            audit_id: record.audit_id.clone(),
            audit: record.entry(),
            user,
            info,
            received: record.received,
            deadline,
            draining,
        }
    }
}

/// An answer to HEAD says how long its content would be, and has none: over HTTP/2 the connection's code would send it
/// (RFC 9110, 9.3.2).
fn without_content<B>(response: Response<ResponseBody<B>>) -> Response<ResponseBody<B>>
where
    ResponseBody<B>: Body<Data = Bytes>,
{
    let length = response.body().size_hint().exact();
    let mut response = response.map(|_| ResponseBody::refusal(Bytes::new()));
    if let Some(length) = length {
        response.headers_mut().entry(CONTENT_LENGTH).or_insert(length.into());
    }
    response
}

fn request_info(parts: &request::Parts) -> Result<RequestInfo, Refusal> {
    RequestInfo::parse(&parts.method, &parts.uri)
        .map_err(|source| Refusal::RequestInfo { uri: parts.uri.path().to_owned(), source })
}

impl<N, Z, H> Clone for Pipeline<N, Z, H> {
    fn clone(&self) -> Self {
        Self { shared: Arc::clone(&self.shared) }
    }
}

/// Whether a body is coded otherwise than in chunks, so that what is in them is not what is meant (RFC 9112, section 6.1).
fn has_unknown_coding(headers: &HeaderMap) -> bool {
    let mut codings = headers.get_all(TRANSFER_ENCODING).iter();
    codings.any(|coding| !coding.as_bytes().eq_ignore_ascii_case(b"chunked"))
}

#[cfg(test)]
mod tests;
