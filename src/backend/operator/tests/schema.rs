//! Everything that is written is what the operator's own kinds take, for any object that the features allow.

use super::*;
use crate::backend::Class;
use crate::backend::operator::{Wish, shape::covers};
use crate::cluster::{Place, Resource};
use futures_util::{StreamExt, stream};
use serde_json::Value;

/// So many objects are tried, where `DATABASES_GENERATED` does not say how many.
const CASES: u64 = 1_000;
/// So many at a time.
const PARALLEL: usize = 16;

pub(super) async fn whatever_the_features_allow_is_taken<P: Player>() {
    let Some(playground) = Playground::start(P::IMPLEMENTATION).await else { return };
    let (dialect, kinds) = (P::Dialect::default(), Stage::<P>::kinds());
    let asked = std::env::var("DATABASES_GENERATED").ok();
    let cases = asked.map_or(CASES, |asked| asked.parse().expect("DATABASES_GENERATED is a number"));
    let cases = stream::iter(0..cases).map(|seed| is_taken(&playground, &dialect, &kinds, seed));
    cases.buffer_unordered(PARALLEL).collect::<Vec<()>>().await;
}

async fn is_taken(playground: &Playground, dialect: &impl Dialect, kinds: &[Resource], seed: u64) {
    let (object, class) = (generated::object(seed), Class::default());
    let wish = Wish { object: &object, class: &class, name: "generated-1", live: &Value::Null, beside: &[] };
    let wanted = dialect.wanted(&wish).unwrap_or_else(|refusal| panic!("seed {seed}: {refusal:?}"));
    for mut written in wanted {
        written["metadata"]["namespace"] = "default".into();
        let resource = kinds.iter().find(|known| known.kind == at(&written, "kind")).expect("a kind of it");
        let name = at(&written, "metadata.name");
        let taken =
            playground.cluster.apply(Place { resource, namespace: "default", name }, &written, true).await;
        let read = taken.unwrap_or_else(|error| panic!("seed {seed}: {error}: {written}"));
        assert!(covers(&read, &written), "seed {seed}: {read} has lost of {written}");
    }
}
