//! Everything that is written is what the operator's own kinds take, for any object that the features allow.

use super::*;
use crate::backend::operator::{Installed, Wish, offer, parameters::together, shape::covers};
use crate::backend::{Class, Resolved};
use crate::cluster::{Place, Resource};
use databases_api::postgresql::PROTOCOL;
use databases_api::shared::DATA_SOURCE_REF;
use futures_util::{StreamExt, stream};
use serde_json::{Value, json};

/// So many objects are tried, where `DATABASES_GENERATED` does not say how many.
const CASES: u64 = 300;
/// So many at a time.
const PARALLEL: usize = 16;

pub(super) async fn whatever_the_features_allow_is_taken<P: Player>() {
    let Some(playground) = conformance::playground::<P>().await else { return };
    let (dialect, kinds) = (P::Dialect::default(), Stage::<P>::kinds());
    let served = kinds.iter().map(|kind| kind.plural.to_owned()).collect();
    let mut installed = Installed { served, catalog: P::catalog(), ..Installed::default() };
    if P::Dialect::READS_SCHEMA {
        let schema = playground.cluster.schema(&P::Dialect::MAIN).await.expect("a schema");
        installed.versions = P::Dialect::versions(&schema);
    }
    let offer = dialect.offer(&Class::default(), &installed).expect("an offer");
    assert_eq!(offer.refused, None);
    let mut features = offer.features;
    features.extend(P::Dialect::CLONES.map(|_| offer::CLONE.to_owned()));
    let known = Known { kinds, installed, features };
    let asked = std::env::var("DATABASES_GENERATED").ok();
    let cases = asked.map_or(CASES, |asked| asked.parse().expect("DATABASES_GENERATED is a number"));
    let taken = stream::iter(0..cases).map(|seed| is_taken(&playground, &dialect, &known, seed));
    let taken: Vec<bool> = taken.buffer_unordered(PARALLEL).collect().await;
    let count = taken.iter().filter(|is_taken| **is_taken).count();
    assert!(count * 10 > taken.len(), "only {count} of {} are not refused", taken.len());
}

/// What there is to make objects of.
struct Known {
    kinds: Vec<Resource>,
    installed: Installed,
    features: Vec<String>,
}

/// The main object of what an object copies.
fn main_source() -> Value {
    let meta =
        json!({"name": "old-1", "namespace": "default", "uid": "00000002-0000-4000-8000-000000000000"});
    json!({"metadata": meta, "spec": {"backups": {"pgbackrest": {"repos": [{"name": "repo1"}]}}}})
}

/// The backup that a copy is made out of, of whatever kind.
fn begins() -> Value {
    json!({"metadata": {"name": "generated-1-copy-1"}, "spec": {"pgCluster": "old-1", "repoName": "repo1"}})
}

/// What an object imports.
fn imported() -> Resolved {
    let data = json!({"host": "MTkyLjAuMi4x", "username": "b2xk", "password": "b2xk", "database": "b2xk", "ca.crt": "UEVN"});
    let object = json!({"metadata": {"name": "old"}, "type": PROTOCOL.secret_type, "data": data}).to_string();
    let (path, kind) = (DATA_SOURCE_REF.to_owned(), "Secret".to_owned());
    Resolved { path, kind, name: "old".into(), object, ..Resolved::default() }
}

/// Whether it is taken; where it is refused, that names the field.
async fn is_taken<D: Dialect>(playground: &Playground, dialect: &D, known: &Known, seed: u64) -> bool {
    let (object, class) = (generated::object(seed, &known.features), Class::default());
    let Known { kinds, installed, .. } = known;
    let wish = Wish {
        object: &object,
        class: &class,
        name: "generated-1",
        live: &Value::Null,
        beside: &[],
        evidence: &[],
        references: &[imported(), resolved("old-1", &D::MAIN, "16.9")],
        source: &main_source(),
        begins: &begins(),
        installed,
    };
    let mut wanted = match dialect.wanted(&wish) {
        Ok(wanted) => wanted,
        Err(refusal) => {
            assert!(refusal.message.starts_with("spec."), "seed {seed}: {refusal:?}");
            return false;
        }
    };
    wanted[0]["spec"] = together(dialect.usual(&wish), wanted[0]["spec"].take());
    for mut written in wanted {
        written["metadata"]["namespace"] = "default".into();
        let resource = kinds.iter().find(|known| known.kind == at(&written, "kind")).expect("a kind of it");
        let name = at(&written, "metadata.name");
        let taken =
            playground.cluster.apply(Place { resource, namespace: "default", name }, &written, true).await;
        let read = taken.unwrap_or_else(|error| panic!("seed {seed}: {error}: {written}"));
        assert!(covers(&read, &written, D::LISTS_BY_NAME), "seed {seed}: {read} has lost of {written}");
    }
    true
}
