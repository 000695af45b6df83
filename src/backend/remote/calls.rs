//! The calls of the protocol: one service for what a backend is whatever it answers, and one of the same calls for each kind.
//! The two traits of the contract are the two sorts of services.

use super::messages::{
    Backup, Caller, Class, Info, News, Nothing, Observation, Observed, Offer, PACKAGE, Plan, Reference,
    Removal, Request, Warning,
};
use apimachinery::wire::Object;
use std::marker::PhantomData;
use std::time::Duration;

/// What answers from memory, or nearly so.
const SHORT: Duration = Duration::from_secs(10);
/// What may have to do something first. It is no time to wait in: who is not done says how far it came.
const LONG: Duration = Duration::from_secs(30);

/// One call.
pub(super) struct Call<Q, A> {
    /// Its name.
    pub(super) name: &'static str,
    /// What it does.
    #[cfg_attr(not(test), expect(dead_code, reason = "a test makes the file that others read"))]
    pub(super) doc: &'static str,
    /// How long an answer may take; none where there is no end of answers.
    pub(super) deadline: Option<Duration>,
    types: PhantomData<fn(Q) -> A>,
}

impl<Q: Object, A: Object> Call<Q, A> {
    const fn new(name: &'static str, deadline: Option<Duration>, doc: &'static str) -> Self {
        Call { name, doc, deadline, types: PhantomData }
    }

    /// Where it is served.
    pub(super) fn path(&self, service: &str) -> String {
        format!("/{PACKAGE}.{service}/{}", self.name)
    }
}

/// The service of what is the same for all kinds.
pub(super) const IDENTITY: &str = "Identity";

pub(super) const GET_INFO: Call<Caller, Info> = Call::new(
    "GetInfo",
    Some(SHORT),
    "Says who it is. Asked over every connection before anything else, and again when a call was not answered in time.",
);
pub(super) const OFFER: Call<Class, Offer> = Call::new(
    "Offer",
    Some(SHORT),
    "Says what it can do for the objects of a class, now. INVALID_ARGUMENT says that the class has to change; after any \
     other error the class stays as it was offered last.",
);
pub(super) const NEWS: Call<Nothing, News> = Call::new(
    "News",
    None,
    "Announces what changes by itself, for as long as it is listened to. The first message names nothing, and is sent as \
     soon as it listens itself. Only with the capability News; without it what changed is found at the next regular look.",
);
pub(super) const WARNINGS: Call<Nothing, Warning> = Call::new(
    "Warnings",
    None,
    "Tells what whoever looks after implementations warns of from now on, such as an operator's events, each once: it is shown \
     as an event of the object, from this backend. Only with the capability Warnings. Nothing is looked at for it: what changed is \
     told by News.",
);

pub(super) const REFERENCE: Call<Request, Reference> = Call::new(
    "Reference",
    Some(SHORT),
    "Says where the implementation of an object will be, known before it exists and the same ever after. It is written down \
     before anything is made.",
);
pub(super) const PLAN: Call<Request, Plan> = Call::new(
    "Plan",
    Some(SHORT),
    "Says what Ensure would disturb, and changes nothing. Never less than what happens. Who changes an object is warned of it, \
     where it is said within a second. Only with the capability Plan.",
);
pub(super) const OBSERVE: Call<Request, Observation> =
    Call::new("Observe", Some(SHORT), "Says what is there, and changes nothing.");
pub(super) const ENSURE: Call<Request, Observed> = Call::new(
    "Ensure",
    Some(LONG),
    "Makes it so, as far as that goes now, and says how far it went; it is called again until it is so, and \
     regularly after that. A call may be cut off anywhere and is then made again. A wish that will never be done is refused: by \
     INVALID_ARGUMENT where nothing of the object was ever accepted; else what was accepted last is kept running and \
     described, with refused. Being stopped is never refused for another part of the object.",
);
pub(super) const BACK_UP: Call<Request, Backup> = Call::new(
    "BackUp",
    Some(LONG),
    "Makes the backup that outlives the object, and says how far it is. Asked before Remove where spec.deletionPolicy is \
     Snapshot, again and again until it succeeded. One backup is made, called by the object's name and uid; after one that \
     failed another is begun, later each time. Only of a class with the feature DeletionSnapshot.",
);
pub(super) const REMOVE: Call<Removal, Nothing> =
    Call::new("Remove", Some(LONG), "Ends the implementation. Not finding it is success.");
