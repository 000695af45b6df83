//! A watch on etcd that outlives its connection.
//!
//! `cursor` is the revision up to which everything was delivered. When the stream breaks, a new one begins
//! right behind it, so nothing is skipped and nothing repeated; what cannot be had any more, because etcd
//! compacted it, ends the watch. Nothing is queued here: a slow reader holds etcd back by flow control.

use std::time::Duration;

use etcd_client::proto::{PbEvent, PbWatchResponse};
use etcd_client::{EventType, WatchOptions, WatchRequestSender, WatchResponse, WatchResponseStream};
use futures_util::FutureExt;
use futures_util::stream::{StreamExt, try_unfold};
use tokio::sync::watch;
use tokio::time::Instant;

use super::client::{self, Client, Place, number, revision};
use super::prefix::Prefix;
use super::wary;
use crate::engine::key;
use crate::{Error, Event, EventKind, Revision, WatchMessage, WatchStream};

/// etcd drops a request for progress while a watch is catching up, so it is repeated.
const ASK_AGAIN: Duration = Duration::from_millis(50);
const MIN_BACKOFF: Duration = Duration::from_millis(50);
const MAX_BACKOFF: Duration = Duration::from_secs(5);

/// What all watches of a store are asked for.
#[derive(Default)]
pub(super) struct Progress(watch::Sender<Revision>);

impl Progress {
    /// Has every open watch deliver `Progress` of at least `revision`.
    pub(super) fn ask(&self, revision: Revision) {
        self.0.send_modify(|wanted| *wanted = revision.max(*wanted));
    }

    pub(super) fn subscribe(&self) -> watch::Receiver<Revision> {
        self.0.subscribe()
    }
}

/// Every event below `below` after `after`.
pub(super) fn watch(
    client: Client,
    is_wary: bool,
    prefix: Prefix,
    below: &str,
    after: Revision,
    wanted: watch::Receiver<Revision>,
) -> WatchStream {
    let range = (prefix.bound(below), prefix.bound(&key::end(below)));
    let watcher = Watcher {
        client,
        is_wary,
        prefix,
        range,
        cursor: after,
        wanted,
        owed: None,
        cluster: 0,
        connection: None,
        backoff: Duration::ZERO,
    };
    try_unfold(watcher, Watcher::next).boxed()
}

struct Watcher {
    client: Client,
    /// Whether what answers is not etcd.
    is_wary: bool,
    prefix: Prefix,
    /// The first key, and the first behind the last.
    range: (Vec<u8>, Vec<u8>),
    /// Everything up to this revision was delivered.
    cursor: Revision,
    wanted: watch::Receiver<Revision>,
    /// The progress that was asked for and not delivered yet, and when to ask etcd again.
    owed: Option<(Revision, Instant)>,
    /// etcd's id; 0 until it is known.
    cluster: u64,
    connection: Option<Connection>,
    /// How long to wait before the next connection.
    backoff: Duration,
}

/// One stream with one watch on it.
struct Connection {
    requests: WatchRequestSender,
    answers: WatchResponseStream,
    /// Whom it is with.
    member: Place,
    /// The events of an answer that is not complete yet.
    fragments: Vec<PbEvent>,
}

/// What woke the watch.
enum Woken {
    Answer(Result<Option<WatchResponse>, etcd_client::Error>),
    Asked(bool),
    AskAgain,
}

impl Watcher {
    async fn next(mut self) -> Result<Option<(WatchMessage, Self)>, Error> {
        loop {
            let Some(connection) = &mut self.connection else {
                self.reconnect().await?;
                continue;
            };
            let ask_again = self.owed.map(|(_, when)| when);
            let woken = tokio::select! {
                changed = self.wanted.changed() => Woken::Asked(changed.is_ok()),
                answer = connection.answers.message() => Woken::Answer(answer),
                () = at(ask_again) => Woken::AskAgain,
            };
            match woken {
                Woken::Asked(false) => return Err(Error::Unavailable("the store was closed".to_owned())),
                Woken::Asked(true) => {
                    let wanted = *self.wanted.borrow_and_update();
                    self.ask(wanted);
                }
                Woken::AskAgain => self.ask(self.owed.map_or(0, |(wanted, _)| wanted)),
                Woken::Answer(Ok(Some(answer))) => {
                    if let Some(message) = self.receive(answer.0).await? {
                        return Ok(Some((message, self)));
                    }
                }
                Woken::Answer(Ok(None)) => self.lose("the stream ended"),
                Woken::Answer(Err(error)) => match self.client.explain(&client::status(error), self.cursor) {
                    Error::Unavailable(reason) => self.lose(&reason),
                    error => return Err(error),
                },
            }
        }
    }

    /// Begins a stream.
    async fn reconnect(&mut self) -> Result<(), Error> {
        tokio::time::sleep(self.backoff).await;
        if self.wanted.has_changed().is_err() {
            return Err(Error::Unavailable("the store was closed".to_owned()));
        }
        let (key, end) = &self.range;
        let options = WatchOptions::new()
            .with_range(end.as_slice())
            .with_start_revision(number(self.cursor + 1))
            .with_progress_notify()
            .with_prev_key()
            .with_fragment();
        let opened = self.client.call_someone(0, |member| {
            let (mut watch, key, options) = (member.watch.clone(), key.clone(), options.clone());
            async move { watch.watch(key, Some(options)).await }
        });
        match opened.await {
            Ok((stream, member)) => {
                let (requests, answers) = stream.split();
                self.connection = Some(Connection { requests, answers, member, fragments: Vec::new() });
                Ok(())
            }
            Err(Error::Unavailable(reason)) => {
                self.lose(&reason);
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    /// Gives the stream up; the next one is with another member, if there is one, and not at once.
    fn lose(&mut self, reason: &str) {
        let prefix = String::from_utf8_lossy(&self.range.0);
        tracing::warn!(%prefix, revision = self.cursor, reason, "the watch on etcd broke and will be resumed");
        if let Some(connection) = self.connection.take() {
            self.client.leave(connection.member);
        }
        self.backoff = (self.backoff * 2).clamp(MIN_BACKOFF, MAX_BACKOFF);
    }

    /// Asks etcd for progress, until `wanted` is reached.
    fn ask(&mut self, wanted: Revision) {
        self.owed = Some((wanted, Instant::now() + ASK_AGAIN));
        if let Some(connection) = &mut self.connection {
            // When the queue is full there are requests enough in it.
            let _ = connection.requests.request_progress().now_or_never();
        }
    }

    async fn receive(&mut self, answer: PbWatchResponse) -> Result<Option<WatchMessage>, Error> {
        let newest = self.client.see(answer.header.as_ref());
        self.check_cluster(answer.header.as_ref().map_or(0, |header| header.cluster_id))?;
        if answer.compact_revision > 0 {
            return Err(self.client.compacted(self.cursor, revision(answer.compact_revision)));
        }
        if answer.canceled {
            self.lose(&answer.cancel_reason);
            return Ok(None);
        }
        let Some(connection) = &mut self.connection else { return Ok(None) };
        connection.fragments.extend(answer.events);
        if answer.created || answer.fragment {
            return Ok(None);
        }
        let events = std::mem::take(&mut connection.fragments);
        self.backoff = Duration::ZERO;
        if events.is_empty() { Ok(self.progress(newest)) } else { self.deliver(events).await }
    }

    /// A cluster restored from a backup counts its revisions anew.
    fn check_cluster(&mut self, cluster: u64) -> Result<(), Error> {
        if self.cluster != 0 && cluster != self.cluster {
            return Err(self.client.unavailable("it is another cluster now, with a history of its own"));
        }
        self.cluster = cluster;
        Ok(())
    }

    fn progress(&mut self, revision: Revision) -> Option<WatchMessage> {
        if revision < self.cursor {
            // A member that lags behind the one before.
            return None;
        }
        self.cursor = revision;
        if self.owed.is_some_and(|(wanted, _)| wanted <= revision) {
            self.owed = None;
        }
        Some(WatchMessage::Progress(revision))
    }

    async fn deliver(&mut self, events: Vec<PbEvent>) -> Result<Option<WatchMessage>, Error> {
        let mut delivered = Vec::with_capacity(events.len());
        for event in events {
            delivered.push(self.event(event).await?);
        }
        if let Some(last) = delivered.last() {
            self.cursor = last.revision;
        }
        Ok(Some(WatchMessage::Events(delivered)))
    }

    async fn event(&self, event: PbEvent) -> Result<Event, Error> {
        let change = event.r#type();
        let kv = event.kv.ok_or_else(|| Error::Corrupt("etcd sent an event without a key".to_owned()))?;
        let kind = match change {
            EventType::Put if kv.create_revision == kv.mod_revision => EventKind::Created,
            EventType::Put => EventKind::Updated,
            EventType::Delete => EventKind::Deleted,
        };
        let changed = revision(kv.mod_revision);
        let previous = match event.prev_kv {
            None if self.is_wary && kind != EventKind::Created => wary::previous(&self.client, &kv).await?,
            known => known,
        };
        let previous = previous.map(|kv| self.prefix.key_value(kv)).transpose()?;
        if kind != EventKind::Created && previous.is_none() {
            // etcd leaves the previous value out when it was compacted before the event was sent.
            return Err(self.client.compacted(self.cursor, changed));
        }
        let current = self.prefix.key_value(kv)?;
        Ok(Event { kind, key: current.key, value: current.value, previous, revision: changed })
    }
}

/// Waits until `when`, or forever.
async fn at(when: Option<Instant>) {
    match when {
        Some(when) => tokio::time::sleep_until(when).await,
        None => std::future::pending().await,
    }
}
