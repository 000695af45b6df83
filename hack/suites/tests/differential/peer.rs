//! One of the two servers, with what it said so far in an episode.

use std::collections::BTreeMap;

use hyper::Method;
use regex::{Captures, Regex};
use serde_json::{Value, json};
use suites::compared;
use suites::http::{Events, Http};
use tokio::time::{Duration, timeout};

use crate::answer::{Words, forget_controllers};
use crate::settle;
use crate::trace::{Body, Episode, Request, Step};
use crate::world::World;

/// So long nothing comes through a watch that lost what it should tell of.
const SILENCE: Duration = Duration::from_secs(10);

/// What was asked, and how it was answered.
#[derive(Debug)]
pub(crate) struct Exchange {
    pub(crate) step: usize,
    pub(crate) asked: String,
    /// Whether what is stored may be another afterwards.
    pub(crate) writes: bool,
    pub(crate) status: u16,
    pub(crate) lines: Vec<String>,
    /// Whether what is stored has a time, of now, that the answer does not say.
    pub(crate) hides_time: bool,
}

/// What was said of an object.
#[derive(Default)]
struct Seen {
    first: String,
    last: String,
    uid: String,
}

/// A server, and what it has of a cluster.
#[derive(Clone)]
pub(crate) struct Server {
    pub(crate) http: Http,
    pub(crate) world: World,
    /// The second in which the last was made of what stands there before anything is asked.
    pub(crate) since: String,
    /// Whether nobody but clients changes what it serves: the controllers of a cluster are played.
    pub(crate) is_bare: bool,
}

/// A server in an episode.
pub(crate) struct Peer<'a> {
    server: &'a Server,
    episode: &'a Episode,
    http: &'a Http,
    words: Words,
    seen: BTreeMap<String, Seen>,
    list: String,
    token: String,
    placeholder: Regex,
    /// Those that go on: since which step, and what was asked.
    watches: Vec<(usize, String, Events)>,
}

impl<'a> Peer<'a> {
    /// The server with nothing in it that the episode is about.
    pub(crate) async fn new(server: &'a Server, episode: &'a Episode) -> Peer<'a> {
        let (base, standing) = settle::begin(server, &episode.collection).await;
        let placeholder = Regex::new("<(rv|old|uid|list|continue)(?::([^>]*))?>").expect("a rule");
        Peer {
            server,
            episode,
            http: &server.http,
            words: Words::from(base, &server.since, standing),
            seen: BTreeMap::new(),
            list: base.to_string(),
            token: "none".to_owned(),
            placeholder,
            watches: Vec::new(),
        }
    }

    /// Asks what is next.
    pub(crate) async fn replay(&mut self, step: usize) -> Vec<Exchange> {
        self.words.at(step);
        match &self.episode.steps[step] {
            Step::Ask(request) => vec![self.ask(step, request).await],
            Step::Watch(request) => vec![self.watch(step, request).await],
            Step::Drain(mark) => self.drain(mark).await,
        }
    }

    /// Leaves nothing.
    pub(crate) async fn leave(self) {
        settle::empty(self.server, &self.episode.collection).await;
    }

    async fn ask(&mut self, step: usize, request: &Request) -> Exchange {
        self.freshen(request).await;
        let (path, body) = (self.filled(&request.path), self.body(&request.body).await);
        let method = Method::from_bytes(request.method.as_bytes()).expect("a method");
        let filled: Vec<(&str, String)> =
            request.headers.iter().map(|(name, value)| (*name, self.filled(value))).collect();
        let headers: Vec<(&str, &str)> = filled.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let reply = self.http.send(method, &path, &headers, body).await;
        let writes = !matches!(request.method.as_str(), "GET" | "HEAD" | "OPTIONS");
        let is_json = |(_, value): &(&str, &str)| value.starts_with("application/json");
        let is_plain = headers.iter().filter(|(name, _)| *name == "accept").all(is_json);
        if reply.status < 300 && is_plain && !(writes && is_dry(request)) {
            self.remember(&path, &reply.json());
        }
        let lines = self.words.lines(reply.status, &reply.headers, &reply.body);
        let has_settled = request.settles && settle::settle(self.server, &self.episode.collection).await;
        let says_time = lines.iter().any(|line| line.contains(".managedFields[0].time"));
        let hides_time = has_settled || !says_time;
        Exchange { step, asked: request.shown(), writes, status: reply.status, lines, hides_time }
    }

    async fn watch(&mut self, step: usize, request: &Request) -> Exchange {
        self.freshen(request).await;
        let path = self.filled(&request.path);
        let headers: Vec<(&str, &str)> =
            request.headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let events = self.http.watch(&path, &headers).await;
        let status = events.status;
        let mut lines = vec![format!("status: {status}")];
        lines.extend(compared::headers(&events.headers));
        if status == 200 {
            self.watches.push((step, request.shown(), events));
        } else {
            lines.extend(self.words.body(&events.rest().await));
        }
        Exchange { step, asked: request.shown(), writes: false, status, lines, hides_time: false }
    }

    /// What came through every watch up to the mark.
    async fn drain(&mut self, mark: &str) -> Vec<Exchange> {
        let mut exchanges = Vec::new();
        for (step, asked, mut events) in std::mem::take(&mut self.watches) {
            self.words.at(step);
            let mut lines = Vec::new();
            loop {
                let mut event = match timeout(SILENCE, events.line()).await {
                    Ok(Some(event)) => event,
                    Ok(None) => break lines.push("the stream ends".to_owned()),
                    Err(_) => break lines.push("nothing more comes".to_owned()),
                };
                // Others come when a server likes, which is not the same time twice.
                if event["type"] == "BOOKMARK" && !event.to_string().contains("initial-events-end") {
                    continue;
                }
                if self.episode.collection == "/api/v1/namespaces" {
                    forget_controllers(&mut event);
                }
                let is_last = event.to_string().contains(&format!("\"mark\":{mark:?}"));
                let prefix =
                    format!("event[{}]", lines.iter().filter(|line| line.contains("].type = ")).count());
                lines.extend(self.words.tree(&prefix, &event));
                if is_last {
                    break;
                }
            }
            let asked = format!("what came through {asked}");
            exchanges.push(Exchange { step, asked, writes: false, status: 200, lines, hides_time: false });
        }
        exchanges
    }

    async fn freshen(&self, request: &Request) {
        if let Some(collection) = &request.fresh {
            self.http.get(collection, &[]).await;
        }
    }

    async fn body(&self, body: &Body) -> String {
        match body {
            Body::Nothing => String::new(),
            Body::Text(text) => self.filled(text),
            Body::Stored { path, otherwise, changes, cut } => {
                let stored = self.http.get(path, &[]).await;
                let mut object = if stored.status == 200 { stored.json() } else { otherwise.clone() };
                for (member, value) in changes {
                    set(&mut object, member, value.clone());
                }
                let mut text = self.filled(&object.to_string());
                if *cut {
                    text.truncate(text.len() / 2);
                }
                text
            }
        }
    }

    fn filled(&self, text: &str) -> String {
        let fill = |found: &Captures<'_>| {
            let seen = found.get(2).and_then(|key| self.seen.get(key.as_str()));
            match (&found[1], seen) {
                ("list", _) => self.list.clone(),
                ("continue", _) => self.token.clone(),
                ("rv", Some(seen)) => seen.last.clone(),
                ("old", Some(seen)) => seen.first.clone(),
                ("uid", Some(seen)) => seen.uid.clone(),
                _ => self.words.base().to_string(),
            }
        };
        self.placeholder.replace_all(text, fill).into_owned()
    }

    fn remember(&mut self, path: &str, tree: &Value) {
        let metadata = &tree["metadata"];
        let text = |name: &str| metadata[name].as_str().unwrap_or_default().to_owned();
        let version = text("resourceVersion");
        if tree.get("items").is_some() {
            self.list = version;
            if !path.contains("Selector") {
                self.token = text("continue");
            }
        } else if !version.is_empty() && !text("name").is_empty() {
            let served =
                path.trim_start_matches(self.server.world.root()).trim_start_matches('/').split('/').next();
            let key = format!("{}/{}/{}", served.unwrap_or_default(), text("namespace"), text("name"));
            let seen = self.seen.entry(key).or_default();
            if seen.first.is_empty() {
                seen.first.clone_from(&version);
            }
            seen.last = version;
            seen.uid = text("uid");
        }
    }
}

fn is_dry(request: &Request) -> bool {
    request.path.contains("dryRun=") || matches!(&request.body, Body::Text(text) if text.contains("dryRun"))
}

/// Sets a member by its path, whose names are separated by dots; `null` takes it away.
pub(crate) fn set(tree: &mut Value, path: &str, value: Value) {
    let (mut place, mut names) = (tree, path.split('.').peekable());
    while let Some(name) = names.next() {
        if !place.is_object() {
            *place = json!({});
        }
        if names.peek().is_none() {
            match value {
                Value::Null => drop(place.as_object_mut().expect("an object").remove(name)),
                value => place[name] = value,
            }
            return;
        }
        place = &mut place[name];
    }
}
