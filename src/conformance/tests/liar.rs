//! A backend that does what `local` does, and lies about it: it takes from a request what is asked for before that is done, and
//! tells something else than what is so. The name of a class says which lie its objects are told.

use super::lies::{self, Act, Lie};
use crate::backend::{
    Answers, Backend, Backup, Class, Disposal, Error, LocalPostgreSQL, News, Observed, Offer, Plan,
    Reference, ReferenceKind, Request, Warning,
};
use async_trait::async_trait;
use databases_api::postgresql::PostgreSQL;
use futures_util::stream::BoxStream;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// What a class names it by.
pub(super) const CONTROLLER_NAME: &str = "local.databases.standard.k8s.io/postgresql";

/// What it remembers of an object, by its uid.
#[derive(Clone)]
struct Memory {
    /// The object as it was first.
    first: PostgreSQL,
    /// What it was made for, where it is made anew when that changes.
    made_for: String,
}

pub(super) struct Liar {
    inner: LocalPostgreSQL,
    root: PathBuf,
    memories: Mutex<HashMap<String, Memory>>,
}

/// Sends a signal to the server in a folder, if one runs there.
pub(super) fn signal(server: &Path, signal: Signal) {
    let file = std::fs::read_to_string(server.join("data/postmaster.pid")).unwrap_or_default();
    if let Some(pid) = file.lines().next().and_then(|line| line.trim().parse().ok()) {
        let _ = kill(Pid::from_raw(pid), signal);
    }
}

fn lie(class: &str) -> Option<&'static Lie> {
    lies::all().find(|lie| lie.name == class)
}

impl Liar {
    pub(super) fn new(inner: LocalPostgreSQL, root: PathBuf) -> Self {
        Liar { inner, root, memories: Mutex::default() }
    }

    fn memory(&self, object: &PostgreSQL) -> Memory {
        let mut memories = self.memories.lock().unwrap_or_else(PoisonError::into_inner);
        let first = || Memory { first: object.clone(), made_for: String::new() };
        memories.entry(object.metadata.uid.clone()).or_insert_with(first).clone()
    }

    /// The request as it is done.
    fn wish(&self, request: &Request<PostgreSQL>) -> (Request<PostgreSQL>, Option<&'static Lie>) {
        let mut request = request.clone();
        let lie = lie(&request.object.spec.instance.class_name);
        if let Some(lie) = lie {
            let first = self.memory(&request.object).first;
            (lie.wish)(&mut request.object, &first);
            if matches!(lie.act, Act::MakesAnew(_)) {
                // Else what is missing would be missed.
                request.object.status.instance.version.clear();
            }
        }
        (request, lie)
    }

    async fn before(&self, act: &Act, request: &Request<PostgreSQL>) -> Result<(), Error> {
        let Act::MakesAnew(made_for) = act else { return Ok(()) };
        let (before, now) = (self.memory(&request.object).made_for, made_for(&request.object));
        if !before.is_empty() && before != now {
            self.inner.remove(request, Disposal::Delete).await?;
        }
        let mut memories = self.memories.lock().unwrap_or_else(PoisonError::into_inner);
        memories.entry(request.object.metadata.uid.clone()).and_modify(|memory| memory.made_for = now);
        Ok(())
    }

    /// Lets everybody in.
    fn trust(&self, request: &Request<PostgreSQL>) {
        let server = self.root.join("instances").join(&request.object.metadata.uid).join("0");
        let rules = "local all all trust\nhost all all all trust\n";
        if std::fs::write(server.join("conf/pg_hba.conf"), rules).is_ok() {
            signal(&server, Signal::SIGHUP);
        }
    }
}

#[async_trait]
impl Backend for Liar {
    fn controller_name(&self) -> &str {
        CONTROLLER_NAME
    }

    fn object_references(&self) -> Vec<ReferenceKind> {
        self.inner.object_references()
    }

    fn needed_once(&self) -> Vec<&'static str> {
        self.inner.needed_once()
    }

    async fn offer(&self, class: &Class) -> Result<Offer, Error> {
        let mut offer = self.inner.offer(class).await?;
        if let Some(lie) = lie(&class.name) {
            (lie.offer)(&mut offer);
        }
        Ok(offer)
    }

    fn news(&self) -> BoxStream<'static, News> {
        self.inner.news()
    }

    fn warnings(&self) -> BoxStream<'static, Warning> {
        self.inner.warnings()
    }

    async fn close(&self) {
        self.inner.close().await;
    }
}

#[async_trait]
impl Answers<PostgreSQL> for Liar {
    async fn reference(&self, request: &Request<PostgreSQL>) -> Result<Reference, Error> {
        self.inner.reference(request).await
    }

    async fn plan(&self, request: &Request<PostgreSQL>) -> Result<Plan, Error> {
        self.inner.plan(&self.wish(request).0).await
    }

    async fn observe(&self, request: &Request<PostgreSQL>) -> Result<Option<Observed>, Error> {
        let (wished, lie) = self.wish(request);
        let mut observed = self.inner.observe(&wished).await?;
        if let (Some(lie), Some(observed)) = (lie, &mut observed) {
            (lie.told)(observed, &request.object);
        }
        Ok(observed)
    }

    async fn ensure(&self, request: &Request<PostgreSQL>) -> Result<Observed, Error> {
        let (wished, lie) = self.wish(request);
        let Some(lie) = lie else { return self.inner.ensure(&wished).await };
        self.before(&lie.act, &wished).await?;
        let mut observed = self.inner.ensure(&wished).await?;
        if matches!(lie.act, Act::Trusts) {
            self.trust(&wished);
        }
        (lie.told)(&mut observed, &request.object);
        Ok(observed)
    }

    async fn back_up(&self, request: &Request<PostgreSQL>) -> Result<Backup, Error> {
        let (wished, lie) = self.wish(request);
        let Some(Act::BacksUp(told, deletes)) = lie.map(|lie| &lie.act) else {
            return self.inner.back_up(&wished).await;
        };
        if *deletes {
            self.inner.remove(&wished, Disposal::Delete).await?;
        }
        Ok(told())
    }

    async fn remove(&self, request: &Request<PostgreSQL>, disposal: Disposal) -> Result<(), Error> {
        let (wished, lie) = self.wish(request);
        match lie.map(|lie| &lie.act) {
            Some(Act::RemovesNothing) => Ok(()),
            _ => self.inner.remove(&wished, disposal).await,
        }
    }
}
