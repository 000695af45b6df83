//! Upstream's sample-apiserver and our server of the same group, asked the same: every answer is compared.
//!
//! A seed determines an episode of some fifty requests, which begins with nothing. `DATABASES_GENERATED` says how many requests
//! are made (two thousand unless said). A difference is printed with its seed and step:
//! `DATABASES_SEED=N DATABASES_GENERATED=1` asks that episode alone.

mod answer;
mod compare;
mod deviations;
mod generate;
mod peer;
#[path = "../../../../api/tests/machinery/random.rs"]
mod random;
mod setup;
mod trace;

use compare::Report;
use peer::Peer;
use random::Random;
use setup::Servers;

/// How many requests are made unless said.
const REQUESTS: u64 = 2100;

fn number(variable: &str, default: u64) -> u64 {
    let text = std::env::var(variable).ok();
    text.map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("{variable} is no number: {text}")))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_is_served_as_the_fields_own_libraries_serve_it() {
    let Some(servers) = Servers::start().await else { return };
    let (first, wanted) = (number("DATABASES_SEED", 0), number("DATABASES_GENERATED", REQUESTS));
    let mut report = Report::default();
    let mut seed = first;
    while report.requests() < wanted {
        let steps = generate::episode(&mut Random::new(seed));
        let (mut theirs, mut ours) = tokio::join!(Peer::new(&servers.sample), Peer::new(&servers.ours));
        let (theirs, ours) = tokio::join!(theirs.replay(&steps), ours.replay(&steps));
        report.compare(seed, &theirs, &ours);
        seed = seed.wrapping_add(1);
    }
    println!("MEASURED: {} requests, {} episodes from seed {first}", report.requests(), seed - first);
    report.check(wanted >= REQUESTS);
}
