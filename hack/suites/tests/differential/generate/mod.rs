//! Requests that a seed determines: mostly good ones, and every kind of bad one.

mod core;
mod headers;
mod objects;
mod patches;
mod paths;
mod places;
mod queries;
mod removals;

use serde_json::json;

use crate::random::Random;
use crate::trace::{Body, Episode, Request, Step};
use crate::world::World;
use places::{CONFIG_MAP, EVENT, FISCHER, FLUNDER, Kind, NAMESPACE, Place, SECRET};

/// How many requests an episode has, beside those at its begin and its end.
const REQUESTS: usize = 45;

/// What makes an episode.
struct Maker<'a> {
    random: &'a mut Random,
    /// How likely it is, in percent, that a part of a request is odd.
    mischief: usize,
    /// Whether one is: of two faults each server may tell of another.
    has_odd: bool,
    /// What it is about: what is written of one kind makes lists of another wait.
    kind: &'static Kind,
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
pub(crate) fn episode(world: World, random: &mut Random) -> Episode {
    let mischief = random.of(&[0, 5, 15, 30]);
    let kind = match (world, random.below(100)) {
        (World::Sample, 0..12) => &FISCHER,
        (World::Sample, _) => &FLUNDER,
        (World::Core, 0..33) => &CONFIG_MAP,
        (World::Core, 33..66) => &SECRET,
        (World::Core, 66..88) => &NAMESPACE,
        (World::Core, _) => &EVENT,
    };
    let mut maker = Maker { random, mischief, has_odd: false, kind, steps: Vec::new(), watches: Vec::new() };
    let place = Place { namespace: kind.is_namespaced.then_some("one"), ..maker.place() };
    for name in maker.watched() {
        let object = maker.object(place, name).to_string();
        maker.post(place, "", &object);
    }
    while maker.steps.len() < REQUESTS {
        maker.request();
    }
    maker.drain();
    for version in kind.versions {
        let path = format!("{}/{version}", world.root());
        maker.ask(Request { method: "GET".to_owned(), path, ..Request::default() });
    }
    Episode { collection: place.everywhere(), steps: maker.steps }
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

    fn place(&mut self) -> Place {
        let (kind, version) = (self.kind, self.random.of(self.kind.versions));
        let namespace = kind.is_namespaced.then(|| self.either(&["one", "one", "two"], &["nowhere"]));
        Place { kind, version, namespace }
    }

    fn name(&mut self) -> &'static str {
        self.either(self.kind.names, &["none", "A_b", "a.b", "a%20b", "-a", "%2e", "a%2fb"])
    }

    /// Two names that a watch may be narrowed to.
    fn watched(&self) -> [&'static str; 2] {
        let names = self.kind.names;
        [names[0], names[if self.kind.is_namespaced { 3 } else { 2 }]]
    }

    /// A request; what an object's end sets off is awaited.
    fn ask(&mut self, mut request: Request) {
        let deletes = self.kind.world == World::Core && request.method == "DELETE";
        request.settles =
            deletes || self.kind.is("Namespace") && !matches!(&*request.method, "GET" | "HEAD" | "OPTIONS");
        self.steps.push(Step::Ask(request));
    }

    fn post(&mut self, place: Place, query: &str, body: &str) {
        self.ask(Request {
            method: "POST".to_owned(),
            path: format!("{}{query}", place.collection()),
            headers: vec![("content-type", "application/json".to_owned())],
            body: Body::Text(body.to_owned()),
            ..Request::default()
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
            95..98 if self.kind.is("Namespace") => self.subresource(),
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
                ..Request::default()
            });
        }
        self.steps.push(Step::Drain(mark));
    }
}
