//! What is recorded of one request, and its events.

use std::any::Any;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use apimachinery::time::MicroTime;
use http::StatusCode;

use super::super::authorization::Decision;
use super::event::{self, Event, ResponseStatus};
use super::policy::{Level, Stage, Treatment};
use super::{Audit, Facts};

/// In the event of one that was cut.
const TRUNCATED: &str = "audit.k8s.io/truncated";

/// What an object says of itself.
#[derive(Clone, Copy, Debug, Default)]
pub struct ObjectFacts<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its namespace.
    pub namespace: &'a str,
    /// Its uid.
    pub uid: &'a str,
    /// Its resource version.
    pub resource_version: &'a str,
}

/// What is recorded of one request.
#[derive(Debug)]
pub struct Entry {
    audit: Arc<Audit>,
    treatment: Treatment,
    is_long_running: bool,
    /// Whether it is known who asks.
    is_known: bool,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    event: Event,
    is_started: bool,
    is_ended: bool,
}

/// An entry whose last event is written when this is dropped, whatever became of the request.
#[derive(Debug)]
pub(in crate::pipeline) struct Audited(Arc<Entry>);

impl Entry {
    pub(super) fn new(audit: Arc<Audit>, treatment: Treatment, facts: &Facts<'_>) -> Self {
        let state = State { event: facts.event(treatment.level), is_started: false, is_ended: false };
        let (is_known, is_long_running) = (facts.user.is_some(), facts.info.is_long_running());
        Self { audit, treatment, is_long_running, is_known, state: Mutex::new(state) }
    }

    /// Writes that the request came, if it is known whose it is; whether it may go on.
    pub(super) fn received(&self) -> bool {
        !self.is_known || self.write(&mut self.state(), Stage::RequestReceived)
    }

    /// Adds a word about the request; the first one of a name counts.
    pub fn annotate(&self, key: &str, value: &str) {
        self.state().event.annotations.entry(key.to_owned()).or_insert_with(|| value.to_owned());
    }

    /// Whether what is in objects of requests may be told.
    pub fn takes_requests(&self) -> bool {
        self.treatment.level >= Level::Request
    }

    /// The object of the request: what it says of itself, and its JSON where it is recorded.
    pub fn request(&self, facts: ObjectFacts<'_>, json: impl FnOnce() -> Vec<u8>) {
        if let Some(reference) = &mut self.state().event.object_ref {
            let ObjectFacts { name, namespace, uid, resource_version } = facts;
            for (field, fact) in [
                (&mut reference.name, name),
                (&mut reference.namespace, namespace),
                (&mut reference.uid, uid),
                (&mut reference.resource_version, resource_version),
            ] {
                if field.is_empty() {
                    fact.clone_into(field);
                }
            }
        }
        if self.takes_requests() {
            let object = event::object(&json(), self.treatment.omit_managed_fields);
            self.state().event.request_object = object;
        }
    }

    /// The patch of the request, as JSON.
    pub fn patch(&self, json: &[u8]) {
        if self.takes_requests() {
            self.state().event.request_object = event::object(json, false);
        }
    }

    /// The object of the response, as JSON.
    pub fn response(&self, json: impl FnOnce() -> Vec<u8>) {
        if self.treatment.level >= Level::RequestResponse {
            let object = event::object(&json(), self.treatment.omit_managed_fields);
            self.state().event.response_object = object;
        }
    }

    /// The response is this Status, as JSON.
    pub fn status(&self, json: &[u8]) {
        let mut state = self.state();
        state.event.response_status = serde_json::from_slice(json).ok();
        if self.treatment.level >= Level::RequestResponse {
            state.event.response_object = event::object(json, false);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes the event of a stage; whether the request may go on.
    fn write(&self, state: &mut State, stage: Stage) -> bool {
        if self.treatment.omitted.contains(&stage) {
            return true;
        }
        let event = &mut state.event;
        event.stage = stage;
        if stage != Stage::RequestReceived {
            event.stage_timestamp = MicroTime::now();
        }
        self.audit.metrics.event();
        match self.line(event) {
            Some(line) => self.audit.log.write(line),
            None => {
                self.audit.metrics.lost("truncate");
                true
            }
        }
    }

    /// The line of an event, without its objects where it would be too large with them; none where it is so without them.
    fn line(&self, event: &mut Event) -> Option<Vec<u8>> {
        let fits = |line: &Vec<u8>| self.audit.largest.is_none_or(|largest| line.len() <= largest);
        let whole = event.line();
        if fits(&whole) {
            return Some(whole);
        }
        let objects = (event.request_object.take(), event.response_object.take());
        event.annotations.insert(TRUNCATED.to_owned(), "true".to_owned());
        let cut = event.line();
        event.annotations.remove(TRUNCATED);
        (event.request_object, event.response_object) = objects;
        Some(cut).filter(fits)
    }
}

impl Audited {
    pub(super) fn new(entry: Entry) -> Self {
        Self(Arc::new(entry))
    }

    /// For who handles the request.
    pub(in crate::pipeline) fn entry(&self) -> Arc<Entry> {
        Arc::clone(&self.0)
    }

    /// What the request may.
    pub(in crate::pipeline) fn authorized(&self, decision: &Decision) {
        let (decision, reason) = match decision {
            Decision::Allow(reason) => (Some("allow"), reason.as_str()),
            Decision::Deny(reason) => (Some("forbid"), reason.as_str()),
            Decision::Error(_) => (None, "internal error"),
        };
        if let Some(decision) = decision {
            self.0.annotate("authorization.k8s.io/decision", decision);
        }
        self.0.annotate("authorization.k8s.io/reason", reason);
    }

    /// The head of the response is there.
    pub(in crate::pipeline) fn answered(&self, code: StatusCode) {
        let mut state = self.0.state();
        if state.is_ended {
            return;
        }
        state.event.response_status.get_or_insert_default().code = code.as_u16();
        // Nothing is worked on for one who is not known: that he is answered is the one event.
        if self.0.is_long_running || !self.0.is_known {
            state.is_started = true;
            self.0.write(&mut state, Stage::ResponseStarted);
        }
        state.is_ended = !self.0.is_known;
    }

    /// It panicked; what the panic says is recorded.
    pub(in crate::pipeline) fn panicked(&self, panic: &(dyn Any + Send)) {
        let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
        let said = text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default();
        let mut state = self.0.state();
        if !state.is_ended {
            state.is_ended = true;
            state.event.response_status = Some(ResponseStatus::panicked(&said));
            self.0.write(&mut state, Stage::Panic);
        }
    }
}

impl Drop for Audited {
    fn drop(&mut self) {
        let mut state = self.0.state();
        if state.is_ended {
            return;
        }
        state.is_ended = true;
        if state.event.response_status.is_none() {
            // Whoever asked is gone, and got nothing.
            state.event.response_status = Some(ResponseStatus::closed());
        }
        if (self.0.is_long_running || !self.0.is_known) && !state.is_started {
            self.0.write(&mut state, Stage::ResponseStarted);
        }
        if self.0.is_known {
            self.0.write(&mut state, Stage::ResponseComplete);
        }
    }
}
