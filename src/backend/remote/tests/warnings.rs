//! What programs warn of, among them some that do so as they should not.

use super::server::Does;
use super::*;
use crate::standard::tests::{CLASSES, IN_DEMO, Server as Standard, database};
use futures_util::StreamExt;
use serde_json::{Value, json};
use tokio::time::Instant;

fn warning(reason: &str, message: &str) -> Warning {
    Warning { uid: "uid-shop".into(), reason: reason.into(), message: message.into() }
}

fn started(fake: &Arc<Fake>, change: impl FnOnce(&mut Manner)) -> Server {
    let (mut server, mut manner) = (Server::new(), Manner::good(fake));
    change(&mut manner);
    server.start(fake, manner);
    server
}

async fn is_well(remote: &Remote) {
    remote.ensure(&request("shop")).await.expect("it answers");
}

#[tokio::test(start_paused = true)]
async fn a_warning_of_a_program_is_an_event_of_the_object() {
    let fake = Fake::new();
    let program = Server::started(&fake);
    let standard = Standard::with(vec![remote(&program)]).await;
    let class = json!({"metadata": {"name": "ours"}, "spec": {"controllerName": CONTROLLER_NAME}});
    assert_eq!(standard.post(CLASSES, class).await.0, 201);
    let (_, _, object) = standard.post(IN_DEMO, database("a", json!({"className": "ours"}))).await;
    let uid = object["metadata"]["uid"].as_str().expect("a uid").to_owned();
    let told = over_and_over(move |_| fake.warn(&uid, "FailedCreate", "no room"));
    let event = async || {
        let (_, events) = standard.get("/api/v1/namespaces/demo/events").await;
        let mut events = events["items"].as_array()?.iter();
        events.find(|event| event["reason"] == "FailedCreate").cloned()
    };
    let event: Value = standard.until("the event is there", event).await;
    told.abort();
    assert_eq!(event["involvedObject"]["name"], "a");
    assert_eq!(
        (&event["type"], &event["message"], &event["reportingComponent"]),
        (&"Warning".into(), &"no room".into(), &CONTROLLER_NAME.into())
    );
}

#[tokio::test(start_paused = true)]
async fn who_does_not_say_that_he_warns_is_not_asked_to() {
    for (capability, calls) in [(vec![], 3), (vec![Capability::Warnings], 4)] {
        let fake = Fake::new();
        let server = started(&fake, |manner| {
            manner.info.capabilities = [vec![Capability::News], capability].concat();
        });
        let remote = remote(&server);
        let mut news = remote.news();
        for _ in ["of the connection", "of its news"] {
            assert_eq!(news.next().await, Some(News::Everything));
        }
        is_well(&remote).await;
        assert_eq!(
            server.asked(),
            calls,
            "who it is, its news, its work, and no more than it says that it does"
        );
        fake.crash("uid-shop");
        assert_eq!(news.next().await, Some(News::Object { uid: "uid-shop".into() }));
    }
}

#[tokio::test(start_paused = true)]
async fn warnings_that_mean_nothing_leave_all_else_alone_and_are_asked_for_again() {
    for bad in [Does::Nonsense, Does::Lack] {
        let fake = Fake::new();
        let mut server = started(&fake, |manner| manner.does = bad);
        let remote = remote(&server);
        let (mut news, mut warnings) = (remote.news(), remote.warnings());
        for _ in ["of the connection", "of its news"] {
            assert_eq!(news.next().await, Some(News::Everything));
        }
        fake.crash("uid-shop");
        let object = News::Object { uid: "uid-shop".into() };
        assert_eq!(news.next().await, Some(object), "nothing is looked at because of its warnings");
        assert!(server.asked() > 4, "they were asked for more than once");
        server.stop().await;
        server.start(&fake, Manner::good(&fake));
        let told = over_and_over(move |_| fake.warn("uid-shop", "FailedCreate", "no room"));
        assert_eq!(warnings.next().await, Some(warning("FailedCreate", "no room")));
        told.abort();
    }
}

#[tokio::test(start_paused = true)]
async fn a_warning_that_is_too_long_is_not_taken_and_others_are() {
    let fake = Fake::new();
    let server = Server::started(&fake);
    let remote = remote(&server);
    let mut warnings = remote.warnings();
    let told = over_and_over(move |number| match number % 7 {
        3 => fake.warn("uid-shop", "Long", &"x".repeat(32 << 10)),
        _ => fake.warn("uid-shop", "Short", "no room"),
    });
    for _ in 0..30 {
        assert_eq!(warnings.next().await, Some(warning("Short", "no room")));
    }
    told.abort();
}

#[tokio::test(start_paused = true)]
async fn who_warns_without_end_is_heard_so_often_and_does_its_work_meanwhile() {
    let fake = Fake::new();
    let server = started(&fake, |manner| manner.does = Does::Flood);
    let remote = remote(&server);
    let (mut news, mut warnings) = (remote.news(), remote.warnings());
    assert_eq!(warnings.next().await, Some(Warning { uid: String::new(), ..warning("", "") }));
    let began = Instant::now();
    for _ in 0..1000 {
        warnings.next().await.expect("there is always one more");
    }
    assert!(began.elapsed() >= Duration::from_millis(990), "a thousand a second: {:?}", began.elapsed());
    is_well(&remote).await;
    fake.crash("uid-shop");
    while news.next().await.expect("there are always news") == News::Everything {}
}
