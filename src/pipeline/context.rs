//! What the pipeline found out about a request, for its handler.

use std::sync::Arc;

use http::HeaderValue;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::audit::Entry;
use super::request_info::RequestInfo;
use super::user::UserInfo;

/// What the pipeline found out about a request.
#[derive(Clone, Debug)]
pub struct Context {
    /// The name of the request in every log.
    pub audit_id: HeaderValue,
    /// What is recorded of the request, if it is.
    pub audit: Option<Arc<Entry>>,
    /// Who asks.
    pub user: Arc<UserInfo>,
    /// What is asked for.
    pub info: RequestInfo,
    /// When the request arrived.
    pub received: Instant,
    /// When its response must be made; long-running requests have no deadline.
    pub deadline: Option<Instant>,
    /// Cancelled when streams must end because the server does.
    pub draining: CancellationToken,
}
