//! The way to one backend: the session that is used, made when somebody needs one and shared by all who do.

use super::Options;
use super::calls::{Call, GET_INFO, IDENTITY};
use super::connect::connect;
use super::failure::Failure;
use super::messages::{Caller, Info, PACKAGE, VERSION};
use super::session::{Connection, Session};
use crate::backend::{Code, Error};
use apimachinery::wire::Object;
use arc_swap::ArcSwapOption;
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, Shared};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// How long a connection may take to be there.
const CONNECTING: Duration = Duration::from_secs(5);

type Opened = Result<Arc<Session>, Error>;
type Attempt = Shared<BoxFuture<'static, Opened>>;

/// The way to one backend.
pub(super) struct Link {
    options: Options,
    /// The last attempt to open a session: whoever comes while it lasts shares its outcome, its failure too.
    attempt: Mutex<Option<Attempt>>,
    /// Who it was when it was last reached.
    known: ArcSwapOption<Info>,
}

impl Link {
    pub(super) fn new(options: Options) -> Arc<Self> {
        Arc::new(Link { options, attempt: Mutex::default(), known: ArcSwapOption::empty() })
    }

    /// The name that classes have it by.
    pub(super) fn name(&self) -> &str {
        &self.options.name
    }

    /// Who it was when it was last reached; none where that was never yet.
    pub(super) fn known(&self) -> Option<Arc<Info>> {
        self.known.load_full()
    }

    /// The session to use now. It is opened where there is none.
    pub(super) async fn session(self: &Arc<Self>) -> Opened {
        let attempt = {
            let mut last = self.attempt.lock().unwrap_or_else(PoisonError::into_inner);
            let usable = last.take().filter(|attempt| match attempt.peek() {
                None => true,
                Some(opened) => opened.as_ref().is_ok_and(|session| session.connection.is_open()),
            });
            last.insert(usable.unwrap_or_else(|| self.begin())).clone()
        };
        attempt.await
    }

    /// Waits until it is known who it is.
    pub(super) async fn introduced(self: &Arc<Self>) -> Result<(), Error> {
        self.session().await.map(drop)
    }

    /// Begins to open a session, in a task of its own: who waits for it may go away.
    fn begin(self: &Arc<Self>) -> Attempt {
        let link = self.clone();
        let opened = tokio::spawn(async move { link.open().await });
        let stopped = |_| Err(Error::retried(Code::Unavailable, "the server is stopping"));
        opened.map(move |opened| opened.unwrap_or_else(stopped)).boxed().shared()
    }

    async fn open(&self) -> Opened {
        let Options { name, address, tls, .. } = &self.options;
        let ended = CancellationToken::new();
        let connecting = connect(address, tls.as_ref(), ended.clone());
        let sender = match tokio::time::timeout(CONNECTING, connecting).await {
            Ok(sender) => sender.map_err(|why| self.failed(Failure::Unreachable(why)))?,
            Err(_) => return Err(self.failed(Failure::Late(format!("no connection in {CONNECTING:?}")))),
        };
        let connection = Connection::new(sender, ended);
        let info = self.ask_who(&connection).await?;
        tracing::info!(backend = %name, %address, version = %info.version, "the backend is reached");
        self.known.store(Some(Arc::new(info.clone())));
        Ok(Arc::new(Session { connection, info }))
    }

    /// Who is there, if it is the one that is meant.
    async fn ask_who(&self, connection: &Connection) -> Result<Info, Error> {
        let server_version = env!("CARGO_PKG_VERSION").to_owned();
        let caller = Caller { server_version, protocol_versions: vec![VERSION.to_owned()] };
        let info =
            connection.call(IDENTITY, &GET_INFO, caller).await.map_err(|failure| self.failed(failure))?;
        let refuse = |why: String| {
            let message = format!("{} cannot be used: {why}", self.place());
            Err(Error::retried(Code::FailedPrecondition, message))
        };
        if info.name != self.options.name {
            return refuse(format!(
                "it is {:?}: register it by that name, or start the other one there",
                info.name
            ));
        }
        if !info.protocol_versions.iter().any(|version| version == VERSION) {
            let theirs = info.protocol_versions.join(", ");
            return refuse(format!(
                "it speaks {theirs:?} and this server {VERSION} of {PACKAGE}: update one of them"
            ));
        }
        Ok(info)
    }

    /// Makes a call over the session that is used. Where that turns out to have ended it is made again over another one, once:
    /// whoever was started anew is no failure, and every call may be repeated.
    pub(super) async fn call<Q: Object, A: Object>(
        self: &Arc<Self>,
        service: &str,
        call: &Call<Q, A>,
        message: Q,
    ) -> Result<A, Error> {
        match self.call_once(service, call, message.clone()).await? {
            Err(Failure::Unreachable(_)) => self.call_once(service, call, message).await?,
            answered => answered,
        }
        .map_err(|failure| self.failed(failure))
    }

    /// Who does not answer in time is asked whether he is there at all, and left where he is not: what is in flight then fails
    /// with its own deadline.
    async fn call_once<Q: Object, A: Object>(
        self: &Arc<Self>,
        service: &str,
        call: &Call<Q, A>,
        message: Q,
    ) -> Result<Result<A, Failure>, Error> {
        let session = self.session().await?;
        let connection = &session.connection;
        let answered = connection.call(service, call, message).await;
        match &answered {
            Err(Failure::Late(_)) if self.ask_who(connection).await.is_err() => connection.ended.cancel(),
            Err(Failure::Unreachable(_)) => connection.ended.cancel(),
            _ => {}
        }
        Ok(answered)
    }

    fn failed(&self, failure: Failure) -> Error {
        failure.of(&self.place())
    }

    fn place(&self) -> String {
        format!("the backend {:?} at {}", self.options.name, self.options.address)
    }
}
