//! Upstream's servers and ours, asked the same: every answer is compared. sample-apiserver is compared with our server of the same
//! group, kube-apiserver with ours that stands alone and serves kinds of the core group itself.
//!
//! A seed determines an episode of some fifty requests, which begins with nothing. `DATABASES_GENERATED` says how many requests
//! are made (two thousand of each unless said). A difference is printed with its seed and step:
//! `DATABASES_SEED=N DATABASES_GENERATED=1` asks that episode alone.

mod answer;
mod compare;
mod deviations;
mod generate;
mod peer;
mod protobuf;
#[path = "../../../../api/tests/machinery/random.rs"]
mod random;
mod schemas;
mod settle;
mod setup;
mod trace;
mod world;

use compare::{Pair, Report};
use peer::{Peer, Server};
use random::Random;
use setup::{Core, Sample};
use trace::Episode;

/// How many requests are made unless said.
const REQUESTS: u64 = 2100;
/// Of so many requests each listed difference is met by some: the rarest came up once in ten thousand.
const MANY: u64 = 100_000;
/// So many episodes are asked once more through kube-apiserver.
const BEHIND: u64 = 6;

fn number(variable: &str, default: u64) -> u64 {
    let text = std::env::var(variable).ok();
    text.map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("{variable} is no number: {text}")))
}

/// The seed of the first episode.
fn first() -> u64 {
    number("DATABASES_SEED", 0)
}

/// How many requests are wanted.
fn wanted() -> u64 {
    number("DATABASES_GENERATED", REQUESTS)
}

/// Asks two servers the same until it is enough.
async fn compared(
    what: &str,
    theirs: &Server,
    ours: &Server,
    is_enough: impl Fn(u64, u64) -> bool,
) -> Report {
    let first = first();
    let mut report = Report::new(ours.world);
    let mut seed = first;
    while !is_enough(report.requests(), seed - first) {
        let episode = generate::episode(ours.world, &mut Random::new(seed));
        report.compare(seed, &replay(theirs, ours, &episode).await);
        seed = seed.wrapping_add(1);
    }
    println!("MEASURED: {what}: {} requests, {} episodes from seed {first}", report.requests(), seed - first);
    report
}

/// Asks both step by step, so that it is the same time for both.
async fn replay(theirs: &Server, ours: &Server, episode: &Episode) -> Vec<Pair> {
    let (mut theirs, mut ours) = tokio::join!(Peer::new(theirs, episode), Peer::new(ours, episode));
    let mut pairs = Vec::new();
    for step in 0..episode.steps.len() {
        let second = answer::second();
        let (theirs, ours) = tokio::join!(theirs.replay(step), ours.replay(step));
        let is_torn = answer::second() != second;
        pairs.extend(theirs.into_iter().zip(ours).map(|(theirs, ours)| Pair { theirs, ours, is_torn }));
    }
    tokio::join!(theirs.leave(), ours.leave());
    pairs
}

/// The group of the sample, directly, and a part of the same through kube-apiserver.
async fn sample() -> Option<Vec<Report>> {
    let Sample { direct: [theirs, ours], behind, .. } = &Sample::start().await?;
    for version in ["v1alpha1", "v1beta1"] {
        schemas::compare(&format!("/openapi/v3/apis/wardle.example.com/{version}"), theirs, ours).await;
    }
    let direct = compared("the sample", theirs, ours, |requests, _| requests >= wanted()).await;
    let [theirs, ours] = behind;
    let few = BEHIND.min(wanted());
    let behind = compared("behind kube-apiserver", theirs, ours, |_, episodes| episodes >= few).await;
    Some(vec![direct, behind])
}

/// Kinds of the core group.
async fn core() -> Option<Vec<Report>> {
    let Core { theirs, ours, .. } = &Core::start().await?;
    schemas::compare("/openapi/v3/api/v1", theirs, ours).await;
    Some(vec![compared("kube-apiserver", theirs, ours, |requests, _| requests >= wanted()).await])
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_asked_is_answered_as_upstream_answers_it() {
    let (Some(sample), Some(core)) = tokio::join!(sample(), core()) else { return };
    let reports: Vec<Report> = [sample, core].into_iter().flatten().collect();
    Report::check(&reports, wanted() >= MANY);
}
