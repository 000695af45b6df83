//! Requests that a seed determines: mostly good ones, and every kind of bad one.

mod headers;
mod objects;
mod patches;
mod paths;
mod queries;
mod removals;

use serde_json::json;

use crate::random::Random;
use crate::trace::{Body, Request, Step};

/// How many requests an episode has, beside those at its begin and its end.
const REQUESTS: usize = 45;

/// Names are few, so that requests meet.
const FLUNDERS: &[&str] = &["a", "a", "a", "b", "b", "c"];
const FISCHERS: &[&str] = &["f", "f", "g"];

/// A collection in one version.
#[derive(Clone, Copy)]
struct Place {
    version: &'static str,
    kind: &'static str,
    plural: &'static str,
    namespace: Option<&'static str>,
}

impl Place {
    fn collection(&self) -> String {
        let Place { version, plural, .. } = self;
        match self.namespace {
            Some(namespace) => format!("/apis/wardle.example.com/{version}/namespaces/{namespace}/{plural}"),
            None => self.everywhere(),
        }
    }

    /// The collection over all namespaces.
    fn everywhere(&self) -> String {
        format!("/apis/wardle.example.com/{}/{}", self.version, self.plural)
    }

    fn item(&self, name: &str) -> String {
        format!("{}/{name}", self.collection())
    }

    /// By what the replay knows an object.
    fn key(&self, name: &str) -> String {
        format!("{}/{}/{name}", self.version, self.namespace.unwrap_or_default())
    }

    fn api_version(&self) -> String {
        format!("wardle.example.com/{}", self.version)
    }
}

/// What makes an episode.
struct Maker<'a> {
    random: &'a mut Random,
    /// How likely it is, in percent, that a part of a request is odd.
    mischief: usize,
    /// Whether one is: of two faults each server may tell of another.
    has_odd: bool,
    /// Whether it is about Fischers.
    is_unscoped: bool,
    steps: Vec<Step>,
    /// Those that are open: where, and what an object must be for them to tell of it.
    watches: Vec<Watched>,
}

/// A watch, and an object that it tells of.
struct Watched {
    place: Place,
    name: String,
    labels: Vec<(&'static str, &'static str)>,
}

/// An episode.
pub(crate) fn episode(random: &mut Random) -> Vec<Step> {
    let mischief = random.of(&[0, 5, 15, 30]);
    let is_unscoped = random.chance(12);
    let mut maker =
        Maker { random, mischief, has_odd: false, is_unscoped, steps: Vec::new(), watches: Vec::new() };
    let (place, names) = match is_unscoped {
        true => (maker.place(), ["f", "g"]),
        false => (Place { namespace: Some("one"), ..maker.flunders() }, ["a", "b"]),
    };
    for name in names {
        let object = maker.object(place, name).to_string();
        maker.post(place, "", &object);
    }
    while maker.steps.len() < REQUESTS {
        maker.request();
    }
    maker.drain();
    for version in ["v1alpha1", "v1beta1"] {
        let path = format!("/apis/wardle.example.com/{version}");
        maker.ask(Request { method: "GET".to_owned(), path, ..Request::default() });
    }
    maker.steps
}

impl Maker<'_> {
    fn is_odd(&mut self) -> bool {
        let is_odd = !self.has_odd && self.random.chance(self.mischief);
        self.has_odd |= is_odd;
        is_odd
    }

    /// Mostly one of the usual, seldom one of the odd.
    fn either<T: Copy>(&mut self, usual: &[T], odd: &[T]) -> T {
        if self.is_odd() { self.random.of(odd) } else { self.random.of(usual) }
    }

    fn flunders(&mut self) -> Place {
        let version = self.random.of(&["v1alpha1", "v1beta1"]);
        let namespace = self.either(&["one", "one", "two"], &["nowhere"]);
        Place { version, kind: "Flunder", plural: "flunders", namespace: Some(namespace) }
    }

    /// Of one kind in an episode: what is written of one makes lists of another wait.
    fn place(&mut self) -> Place {
        match self.is_unscoped {
            true => Place { version: "v1alpha1", kind: "Fischer", plural: "fischers", namespace: None },
            false => self.flunders(),
        }
    }

    fn name(&mut self, place: Place) -> &'static str {
        let usual = if place.namespace.is_some() { FLUNDERS } else { FISCHERS };
        self.either(usual, &["none", "A_b", "a.b", "a%20b", "-a", "%2e", "a%2fb"])
    }

    fn ask(&mut self, request: Request) {
        self.steps.push(Step::Ask(request));
    }

    fn post(&mut self, place: Place, query: &str, body: &str) {
        self.ask(Request {
            method: "POST".to_owned(),
            path: format!("{}{query}", place.collection()),
            headers: vec![("content-type", "application/json".to_owned())],
            body: Body::Text(body.to_owned()),
            fresh: None,
        });
    }

    fn request(&mut self) {
        self.has_odd = false;
        match self.random.below(100) {
            0..17 => self.create(),
            17..27 => self.get(),
            27..43 => self.list(),
            43..50 => self.watch(),
            50..63 => self.update(),
            63..83 => self.patch(),
            83..91 => self.delete(),
            91..93 => self.delete_collection(),
            93..95 => self.drain(),
            _ => self.oddity(),
        }
    }

    /// Every open watch is told of an object with a mark, and read up to it.
    fn drain(&mut self) {
        let mark = self.steps.len().to_string();
        for Watched { place, name, labels } in std::mem::take(&mut self.watches) {
            let labels: serde_json::Map<_, _> =
                labels.into_iter().map(|(name, value)| (name.to_owned(), json!(value))).collect();
            let mut object = self.object(place, &name);
            object["metadata"]["labels"] = json!(labels);
            self.post(place, "", &object.to_string());
            let change = json!({"metadata": {"labels": labels, "annotations": {"mark": mark}}});
            self.ask(Request {
                method: "PATCH".to_owned(),
                path: place.item(&name),
                headers: vec![("content-type", patches::MERGE.to_owned())],
                body: Body::Text(change.to_string()),
                fresh: None,
            });
        }
        self.steps.push(Step::Drain(mark));
    }
}
