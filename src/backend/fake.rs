//! A backend without databases, for tests: it can be told to fail, and tells what it has.
//!
//! An object with the annotation `fake.example.com/refused` is a wish that it refuses; what it accepted before is kept.

use super::{Backend, Disposal, Endpoint, Engine, Error, Login, Observed, Offer, Reference, Refusal};
use async_trait::async_trait;
use databases_api::postgresql::PostgreSQL;
use databases_api::shared::State as Wanted;
use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

const PORT: u16 = 5432;

const REFUSED: &str = "fake.example.com/refused";

/// What a class names it by.
pub const CONTROLLER_NAME: &str = "fake.example.com/postgresql";

/// The backend.
pub struct Fake {
    state: Mutex<State>,
    changed: UnboundedSender<String>,
    changes: Mutex<Option<UnboundedReceiver<String>>>,
}

#[derive(Default)]
struct State {
    instances: BTreeMap<String, Instance>,
    broken: Option<String>,
}

struct Instance {
    up: bool,
    port: u16,
    users: Vec<String>,
}

impl Fake {
    /// One that has nothing yet.
    pub fn new() -> Arc<Self> {
        let (changed, changes) = unbounded_channel();
        Arc::new(Fake { state: Mutex::default(), changed, changes: Mutex::new(Some(changes)) })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on it can do nothing, and says why; or it can again.
    pub fn fail(&self, why: Option<&str>) {
        self.state().broken = why.map(str::to_owned);
    }

    /// A database dies by itself.
    pub fn crash(&self, uid: &str) {
        if let Some(instance) = self.state().instances.get_mut(uid) {
            instance.up = false;
        }
        let _ = self.changed.send(uid.to_owned());
    }

    /// Whether a database runs; `None` where there is none.
    pub fn is_up(&self, uid: &str) -> Option<bool> {
        self.state().instances.get(uid).map(|instance| instance.up)
    }
}

impl Instance {
    fn observed(&self) -> Observed {
        let login =
            |user: &str| Login { username: user.into(), password: "secret".into(), database: "app".into() };
        let users = self.users.iter().map(|user| login(user));
        Observed {
            ready: self.up,
            reason: if self.up { "Available" } else { "Stopped" }.into(),
            version: "17.1".into(),
            instances: i32::from(self.up),
            ready_instances: i32::from(self.up),
            endpoints: vec![Endpoint { role: "ReadWrite", host: "127.0.0.1".into(), port: self.port }],
            logins: [login("app")].into_iter().chain(users).collect(),
            ..Observed::default()
        }
    }
}

fn port(object: &PostgreSQL) -> u16 {
    let wish = object.spec.instance.network.as_ref().and_then(|network| network.port);
    wish.and_then(|port| u16::try_from(port).ok()).unwrap_or(PORT)
}

fn users(object: &PostgreSQL) -> Vec<String> {
    object.spec.users.iter().map(|user| user.name.clone()).collect()
}

#[async_trait]
impl Backend for Fake {
    fn controller_name(&self) -> &'static str {
        CONTROLLER_NAME
    }

    fn offer(&self) -> Offer {
        let engine = Engine { kind: "PostgreSQL", flavor: "PostgreSQL", versions: vec!["17".into()] };
        let features =
            vec!["PostgreSQL", "PostgreSQLParameters", "PostgreSQLPort", "PostgreSQLStop", "PostgreSQLUsers"];
        Offer { engines: vec![engine], features, ..Offer::default() }
    }

    fn reference(&self, object: &PostgreSQL) -> Reference {
        Reference {
            group: "fake.example.com".into(),
            kind: "Instance".into(),
            namespace: object.metadata.namespace.clone(),
            name: object.metadata.uid.clone(),
        }
    }

    async fn observe(&self, object: &PostgreSQL) -> Result<Option<Observed>, Error> {
        Ok(self.state().instances.get(&object.metadata.uid).map(Instance::observed))
    }

    async fn ensure(&self, object: &PostgreSQL) -> Result<Observed, Error> {
        let mut state = self.state();
        if let Some(why) = &state.broken {
            return Err(Error::Unavailable(why.clone()));
        }
        let stopped = object.spec.instance.state == Some(Wanted::Stopped);
        let uid = object.metadata.uid.clone();
        let refused = object.metadata.annotations.contains_key(REFUSED);
        let (reason, message) = ("InvalidParameters", "the wish is refused".to_owned());
        if refused && !state.instances.contains_key(&uid) {
            return Err(Error::Rejected { reason, message });
        }
        let instance = state.instances.entry(uid).or_insert(Instance {
            up: false,
            port: port(object),
            users: users(object),
        });
        instance.up = !stopped;
        if refused {
            return Ok(Observed { refused: Some(Refusal { reason, message }), ..instance.observed() });
        }
        (instance.port, instance.users) = (port(object), users(object));
        Ok(instance.observed())
    }

    async fn remove(&self, object: &PostgreSQL, _: Disposal) -> Result<(), Error> {
        let mut state = self.state();
        if let Some(why) = &state.broken {
            return Err(Error::Unavailable(why.clone()));
        }
        state.instances.remove(&object.metadata.uid);
        Ok(())
    }

    fn changes(&self) -> BoxStream<'static, String> {
        let receiver = self.changes.lock().unwrap_or_else(PoisonError::into_inner).take();
        let next = async |receiver: Option<UnboundedReceiver<String>>| {
            let mut receiver = receiver?;
            receiver.recv().await.map(|uid| (uid, Some(receiver)))
        };
        futures_util::stream::unfold(receiver, next).boxed()
    }

    async fn stop_all(&self) {}
}
