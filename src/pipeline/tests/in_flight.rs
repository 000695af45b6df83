//! The line of those who wait for a place.

use std::task::Poll;
use std::time::Duration;

use futures_util::{FutureExt, poll};

use super::super::in_flight::{InFlight, InFlightLimits, Place};
use super::*;

struct Setup {
    places: InFlight,
    metrics: Metrics,
    deadline: Instant,
}

impl Setup {
    /// All places are taken, so many of each kind.
    fn full(limit: usize) -> (Self, Vec<Place>) {
        let metrics = Metrics::new();
        let limits = InFlightLimits { read_only: limit, mutating: limit };
        let places = InFlight::new(limits, metrics.requests().in_flight());
        let setup = Self { places, metrics, deadline: Instant::now() + Duration::from_secs(60) };
        let taken = (0..limit).map(|_| setup.enter("first").now_or_never().unwrap().unwrap());
        let taken = taken.collect();
        (setup, taken)
    }

    async fn enter(&self, user: &str) -> Result<Place, Refusal> {
        let user = Arc::new(UserInfo::new(user, [user]));
        let info = RequestInfo::parse(&Method::GET, &"/apis/g/v1/things".parse().unwrap()).unwrap();
        self.places.enter(&user, &info, Some(self.deadline)).await
    }

    /// How many are worked on, and how many wait.
    #[track_caller]
    fn has(&self, working: usize, waiting: usize) {
        let text = self.metrics.text(&Stored::default()).unwrap();
        for (name, count) in [("inflight", working), ("inqueue", waiting)] {
            let line = format!(r#"apiserver_current_{name}_requests{{request_kind="readOnly"}} {count}"#);
            assert!(text.lines().any(|present| present == line), "{line} is not in\n{text}");
        }
    }
}

/// Whether a request still waits, is let in or is refused.
macro_rules! state {
    ($waiter:expr) => {
        match poll!($waiter.as_mut()) {
            Poll::Pending => "waits",
            Poll::Ready(Ok(_)) => "is let in",
            Poll::Ready(Err(Refusal::TooManyRequests)) => "is refused",
            Poll::Ready(Err(_)) => "failed",
        }
    };
}

#[tokio::test]
async fn whoever_came_first_goes_on_first() {
    let (setup, mut taken) = Setup::full(2);
    let (mut one, mut two) = (pin!(setup.enter("one")), pin!(setup.enter("two")));
    assert_eq!((state!(one), state!(two)), ("waits", "waits"));
    setup.has(2, 2);
    taken.pop();
    setup.has(2, 1);
    let Poll::Ready(Ok(first)) = poll!(one.as_mut()) else { panic!("it is the turn of the first") };
    assert_eq!(state!(two), "waits");
    drop(first);
    assert_eq!(state!(two), "is let in");
    drop(taken);
    setup.has(0, 0);
}

#[tokio::test]
async fn nobody_fills_more_than_half_of_the_line() {
    let (setup, _taken) = Setup::full(4);
    let mut own = [pin!(setup.enter("one")), pin!(setup.enter("one")), pin!(setup.enter("one"))];
    assert_eq!(own.each_mut().map(|one| one.as_mut().now_or_never().is_some()), [false, false, true]);
    let (mut two, mut three) = (pin!(setup.enter("two")), pin!(setup.enter("three")));
    assert_eq!((state!(two), state!(three)), ("waits", "waits"));
    let mut four = pin!(setup.enter("four"));
    assert_eq!(state!(four), "is refused", "the line is as long as there are places");
    let mut master = pin!(setup.enter(MASTERS_GROUP));
    assert_eq!(state!(master), "is let in");
    setup.has(4, 4);
}

#[tokio::test]
async fn who_is_gone_is_not_waited_for() {
    let (setup, mut taken) = Setup::full(2);
    let (mut one, mut two) = (Box::pin(setup.enter("one")), pin!(setup.enter("two")));
    assert_eq!((state!(one), state!(two)), ("waits", "waits"));
    drop(one);
    setup.has(2, 1);
    taken.pop();
    assert_eq!(state!(two), "is let in");
}

#[tokio::test]
async fn a_place_for_one_who_goes_when_called_is_the_next_ones() {
    let (setup, mut taken) = Setup::full(2);
    let (mut one, mut two) = (Box::pin(setup.enter("one")), pin!(setup.enter("two")));
    assert_eq!((state!(one), state!(two)), ("waits", "waits"));
    taken.pop();
    drop(one);
    assert_eq!(state!(two), "is let in");
    drop(taken);
    setup.has(0, 0);
}

#[tokio::test(start_paused = true)]
async fn the_wait_is_over_after_a_quarter_of_the_time() {
    let (setup, taken) = Setup::full(1);
    let began = Instant::now();
    assert!(matches!(setup.enter("one").await, Err(Refusal::TooManyRequests)));
    assert_eq!(began.elapsed().as_secs(), 15);
    setup.has(1, 0);
    drop(taken);
    assert!(setup.enter("one").await.is_ok());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_turn_is_lost_between_threads() {
    let (setup, taken) = Setup::full(4);
    drop(taken);
    let setup = Arc::new(setup);
    let work = (0..8).map(|number| {
        let setup = Arc::clone(&setup);
        tokio::spawn(async move {
            for _ in 0..2000 {
                let place = setup.enter(&format!("user{number}")).await;
                tokio::task::yield_now().await;
                drop(place.unwrap_or_else(|_| panic!("there is room for all of them")));
            }
        })
    });
    for done in work.collect::<Vec<_>>() {
        crate::serve::testing::soon(done).await.unwrap();
    }
    setup.has(0, 0);
}
