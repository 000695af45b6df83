//! One suite that every backend passes: what the contract says, tried out.
//!
//! A backend comes with a [`Driver`], which knows how to make objects for it, how to look at what is there without asking
//! it, and how to end its process. [`conformance!`] makes the tests of it.

mod change;
mod ensure;
mod offer;
mod removal;

pub(crate) use change::*;
pub(crate) use ensure::*;
pub(crate) use offer::*;
pub(crate) use removal::*;

use super::{Answers, Class, Disposal, Observed, Phase, Request};
use apimachinery::kind::Kind;
use async_trait::async_trait;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long something may take.
const DEADLINE: Duration = Duration::from_secs(60);
/// How often a condition is looked at.
const POLL: Duration = Duration::from_millis(20);

/// A wish that is brought about in an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wish {
    /// To be down, with all data kept.
    Stopped,
    /// To be up again.
    Running,
    /// What takes a restart.
    Restart,
    /// What nobody notices, such as another user.
    Harmless,
    /// What is refused for ever.
    Refused,
    /// Not that any more.
    Accepted,
}

/// A backend under test, with its world.
#[async_trait]
pub(crate) trait Driver: Send + Sync {
    /// The kind that is tried.
    type Kind: Kind;

    /// The backend. What it gives is dropped before the process ends.
    fn backend(&self) -> Arc<dyn Answers<Self::Kind>>;

    /// Ends the backend's process whatever it was doing, and begins another one.
    async fn restart(&mut self);

    /// An object that the backend accepts, of a uid of its own for each number, all of one name.
    fn object(&self, number: u32) -> Self::Kind;

    /// Whether it can be stopped. One that cannot does not offer it.
    fn stops(&self) -> bool {
        true
    }

    /// Brings a wish about.
    fn wish(&self, object: &mut Self::Kind, wish: Wish);

    /// Takes the version that objects have out of what is offered, or puts it back.
    async fn offer_version(&mut self, offered: bool);

    /// A client writes a row that is there as long as the data is.
    async fn write(&self, request: &Request<Self::Kind>, observed: &Observed, row: &str);

    /// Whether a client reads that row.
    async fn reads(&self, request: &Request<Self::Kind>, observed: &Observed, row: &str) -> bool;

    /// What runs of an object; another text after a restart.
    async fn runs(&self, uid: &str) -> String;

    /// Everything that the backend wrote and that runs, but for what changes by itself.
    async fn world(&self) -> String;

    /// After so many steps a call is cut off.
    fn cuts(&self) -> Vec<usize>;

    /// What the backend told its implementation is done, as far as that goes; for one that is not done by the backend itself.
    async fn settle(&self) {}

    /// Called at the end of each test.
    async fn clear(&mut self, requests: &[Request<Self::Kind>]);
}

/// A request for the object of a number, of a class.
fn request<D: Driver>(driver: &D, number: u32) -> Request<D::Kind> {
    let class = Class { name: "gold".into(), ..Class::default() };
    Request { class: Some(class), parameters: Some(String::new()), ..Request::new(driver.object(number)) }
}

fn uid<K: Kind>(request: &Request<K>) -> &str {
    &request.object.meta().uid
}

/// Asks until it is available.
async fn available<D: Driver>(driver: &D, request: &Request<D::Kind>) -> Observed {
    until(driver, request, Phase::Available).await
}

/// Asks until it is in that phase.
async fn until<D: Driver>(driver: &D, request: &Request<D::Kind>, phase: Phase) -> Observed {
    let deadline = Instant::now() + DEADLINE;
    loop {
        match driver.backend().ensure(request).await {
            Ok(observed) if observed.phase == phase && observed.pending.is_none() => return observed,
            other => assert!(Instant::now() < deadline, "not {phase:?}: {other:?}"),
        }
        driver.settle().await;
        tokio::time::sleep(POLL).await;
    }
}

/// Asks until it is removed.
async fn removed<D: Driver>(driver: &D, request: &Request<D::Kind>, disposal: Disposal) {
    let deadline = Instant::now() + DEADLINE;
    while let Err(error) = driver.backend().remove(request, disposal).await {
        assert!(Instant::now() < deadline, "not removed: {error:?}");
        driver.settle().await;
    }
}

/// Goes so many steps of a call, and cuts it off there; none where it ended before.
pub(crate) async fn cut<T>(call: impl Future<Output = T>, steps: usize) -> Option<T> {
    let (mut call, mut left) = (std::pin::pin!(call), steps);
    std::future::poll_fn(|context| {
        if left == 0 {
            return std::task::Poll::Ready(None);
        }
        left -= 1;
        call.as_mut().poll(context).map(Some)
    })
    .await
}

/// Makes the tests of a backend: the function gives its driver, or none where it cannot be tried here. Where a world is costly,
/// `in_turn` makes one test: the first function gives the world, or none, and the second a driver over it for each check.
macro_rules! conformance {
    ($open:path) => {
        $crate::backend::conformance::conformance! { [apart] $open }
    };
    (in_turn $world:path, $over:path) => {
        $crate::backend::conformance::conformance! { [in_turn] $world, $over }
    };
    ([$how:ident] $($by:path),+) => {
        $crate::backend::conformance::conformance! { $how $($by),+:
            a_second_ensure_changes_nothing,
            a_call_that_is_cut_off_anywhere_is_gone_on_from,
            the_reference_is_known_before_and_again,
            observing_and_planning_change_nothing,
            no_password_is_shown,
            what_is_stopped_keeps_its_data,
            a_removal_may_be_repeated_and_cut_off,
            a_deletion_that_is_called_off_ends_by_keeping_what_is_left,
            what_is_retained_is_nobody_elses,
            what_is_deleted_is_gone,
            what_runs_stays_when_the_offer_shrinks,
            a_refused_wish_leaves_what_runs,
            what_was_never_accepted_is_rejected,
            what_is_planned_is_what_happens,
        }
    };
    (apart $open:path: $($check:ident),+ $(,)?) => {
        $(#[tokio::test]
        async fn $check() {
            let Some(driver) = $open().await else { return };
            $crate::backend::conformance::$check(driver).await;
        })+
    };
    (in_turn $world:path, $over:path: $($check:ident),+ $(,)?) => {
        #[tokio::test(flavor = "multi_thread")]
        async fn every_check_of_the_contract() {
            let Some(world) = $world().await else { return };
            $(
                println!("{}", stringify!($check));
                $crate::backend::conformance::$check($over(&world)).await;
            )+
        }
    };
}
pub(crate) use conformance;

pub(crate) mod over_the_fake;
