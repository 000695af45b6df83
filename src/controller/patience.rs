//! How long others may take for an answer, whoever they are. What is cut off is asked for again, and keeps nobody from the next
//! object meanwhile.

use crate::backend::{Backend, Code, Error};
use crate::cluster;
use std::time::Duration;
use tokio::time::timeout;

/// What answers from memory, or nearly so.
pub(super) const SHORT: Duration = Duration::from_secs(60);
/// What may have to do something first, such as stopping a server that has much to write.
pub(super) const LONG: Duration = Duration::from_secs(180);

/// How long the host cluster may take for an object.
const CLUSTER: Duration = Duration::from_secs(30);

/// What the host cluster answers; or that it did not in time.
pub(super) async fn in_time<T>(
    answer: impl Future<Output = Result<T, cluster::Error>>,
) -> Result<T, cluster::Error> {
    timeout(CLUSTER, answer).await.unwrap_or(Err(cluster::Error::Timeout(CLUSTER)))
}

/// The answer to a call; or that there was none in time.
pub(super) async fn within<T>(
    limit: Duration,
    backend: &(impl Backend + ?Sized),
    call: &str,
    answer: impl Future<Output = Result<T, Error>>,
) -> Result<T, Error> {
    let late = || {
        let name = backend.controller_name();
        Error::retried(Code::Unavailable, format!("the backend {name:?} did not answer {call} in {limit:?}"))
    };
    timeout(limit, answer).await.unwrap_or_else(|_| Err(late()))
}
