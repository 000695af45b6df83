//! Programs that are not there, end, hang, talk nonsense, or come back as somebody else.

use super::server::Does;
use super::*;
use crate::backend::{Login, Phase, Resolved};
use futures_util::StreamExt;

/// What it says of a request now.
async fn failure(remote: &Remote) -> Error {
    remote.ensure(&request("shop")).await.expect_err("it should fail")
}

async fn is_well(remote: &Remote) {
    assert_eq!(remote.ensure(&request("shop")).await.expect("it is well").phase, Phase::Available);
}

/// A program with another manner takes the place of the one that ran.
async fn instead(server: &mut Server, fake: &Arc<Fake>, change: impl FnOnce(&mut Manner)) {
    server.stop().await;
    let mut manner = Manner::good(fake);
    change(&mut manner);
    server.start(fake, manner);
}

#[tokio::test]
async fn who_is_not_there_yet_is_waited_for() {
    let (fake, mut server) = (Fake::new(), Server::new());
    let remote = remote(&server);
    let error = failure(&remote).await;
    assert_eq!(error.code, Code::Unavailable);
    assert!(error.message.contains(CONTROLLER_NAME) && error.message.contains("backend.sock"), "{error}");
    assert!(remote.offer(&Class::default()).await.is_err());
    assert!(remote.recognises("fake.example.com"), "its own domain is known without it");
    assert!(remote.class_parameters().is_empty() && !remote.recognises("operator.example.com"));
    let mut news = remote.news();
    server.start(&fake, Manner::good(&fake));
    assert_eq!(news.next().await, Some(News::Everything), "it is there, and everything is looked at");
    is_well(&remote).await;
    assert_eq!(remote.class_parameters(), fake.class_parameters());
    assert!(remote.recognises("operator.example.com"));
}

#[tokio::test]
async fn who_dies_in_a_call_is_asked_again_later() {
    let (fake, mut server) = (Fake::new(), Server::new());
    server.start(&fake, Manner { does: Does::Die, ..Manner::good(&fake) });
    let remote = remote(&server);
    let error = failure(&remote).await;
    assert_eq!(error.code, Code::Unavailable);
    assert!(error.message.contains("cannot be used"), "{error}");
    instead(&mut server, &fake, |_| {}).await;
    is_well(&remote).await;
    server.stop().await;
    assert_eq!(failure(&remote).await.code, Code::Unavailable);
    assert_eq!(remote.class_parameters(), fake.class_parameters(), "who it was is not forgotten");
}

#[tokio::test(start_paused = true)]
async fn who_does_not_answer_fails_at_the_deadline() {
    let (fake, mut server) = (Fake::new(), Server::new());
    server.start(&fake, Manner { does: Does::Nothing, ..Manner::good(&fake) });
    let remote = remote(&server);
    let error = failure(&remote).await;
    assert_eq!(error.code, Code::Unavailable);
    assert!(error.message.contains("it did not answer Ensure in 30s"), "{error}");
    assert!(remote.offer(&Class::default()).await.is_ok(), "what does answer is not given up");
}

#[tokio::test(start_paused = true)]
async fn who_hangs_altogether_is_left_and_found_again() {
    let (fake, mut server) = (Fake::new(), Server::new());
    server.start(&fake, Manner { does: Does::Hang, ..Manner::good(&fake) });
    let remote = remote(&server);
    let (one, other) = tokio::join!(failure(&remote), failure(&remote));
    assert!(one.message.contains("it did not answer GetInfo in 10s"), "{one}");
    assert_eq!(one, other, "who waits together fails together");
    instead(&mut server, &fake, |_| {}).await;
    is_well(&remote).await;
}

#[tokio::test]
async fn nonsense_is_an_error_of_that_call_alone() {
    let (fake, mut server) = (Fake::new(), Server::new());
    server.start(&fake, Manner { does: Does::Nonsense, ..Manner::good(&fake) });
    let remote = remote(&server);
    let error = failure(&remote).await;
    assert_eq!(error.code, Code::Unavailable);
    assert!(error.message.contains("no message of the protocol"), "{error}");
    assert!(remote.offer(&Class::default()).await.is_ok());
}

#[tokio::test]
async fn who_is_another_one_is_not_used() {
    let (fake, mut server) = (Fake::new(), Server::new());
    server.start(&fake, Manner::good(&fake));
    let remote = remote(&server);
    is_well(&remote).await;
    instead(&mut server, &fake, |manner| manner.info.name = "other.example.com/postgresql".into()).await;
    let error = failure(&remote).await;
    assert_eq!(error.code, Code::FailedPrecondition);
    assert!(error.message.contains("it is \"other.example.com/postgresql\": register it"), "{error}");
    instead(&mut server, &fake, |manner| manner.info.protocol_versions = vec!["v2".into(), "v3".into()])
        .await;
    let error = failure(&remote).await;
    assert_eq!(error.code, Code::FailedPrecondition);
    assert!(error.message.contains("it speaks \"v2, v3\" and this server v1"), "{error}");
    instead(&mut server, &fake, |manner| manner.does = Does::Lack).await;
    let error = failure(&remote).await;
    assert_eq!(error.code, Code::FailedPrecondition);
    assert!(error.message.contains("does not implement what it was asked"), "{error}");
    instead(&mut server, &fake, |manner| manner.info.version = "9".into()).await;
    is_well(&remote).await;
}

#[tokio::test]
async fn what_an_object_refers_to_travels_with_it() {
    let fake = Fake::new();
    let server = Server::started(&fake);
    let remote = remote(&server);
    remote.introduce().await.expect("it is there");
    assert_eq!(remote.object_references(), fake.object_references());
    let mut request = request("shop");
    request.references = vec![Resolved {
        path: "spec.adoptRef".into(),
        group: String::new(),
        kind: "Secret".into(),
        name: "given".into(),
        object: r#"{"data":{}}"#.into(),
    }];
    request.logins = vec![Login { username: "app".into(), password: "secret".into(), ..Login::default() }];
    let sent = reverse::request((&request).into());
    assert_eq!(
        (sent.object, sent.class, sent.parameters),
        (request.object, request.class, request.parameters)
    );
    assert_eq!((sent.references, sent.logins), (request.references, request.logins));
}

#[tokio::test]
async fn what_is_refused_keeps_its_reason_on_the_way() {
    let fake = Fake::new();
    let server = Server::started(&fake);
    let (remote, mut request) = (remote(&server), request("shop"));
    request.object.metadata.annotations.insert("fake.example.com/refused".into(), "yes".into());
    let error = remote.ensure(&request).await.expect_err("it is refused");
    assert_eq!(error, Error::rejected("InvalidParameters", "the wish is refused"));
}

#[tokio::test]
async fn news_go_on_after_the_stream_broke() {
    let (fake, mut server) = (Fake::new(), Server::new());
    server.start(&fake, Manner::good(&fake));
    let remote = remote(&server);
    is_well(&remote).await;
    let mut news = remote.news();
    let mut until = async |wanted: News| while news.next().await.expect("there are always news") != wanted {};
    instead(&mut server, &fake, |_| {}).await;
    until(News::Everything).await;
    // What is told before it is listened to is in the look at everything that follows.
    let told = over_and_over(move |_| fake.crash("uid-shop"));
    until(News::Object { uid: "uid-shop".into() }).await;
    told.abort();
}

#[tokio::test]
async fn without_its_word_a_plan_promises_nothing() {
    let (fake, mut server) = (Fake::new(), Server::new());
    let mut manner = Manner::good(&fake);
    manner.info.capabilities.clear();
    server.start(&fake, manner);
    let remote = remote(&server);
    is_well(&remote).await;
    assert!(!remote.foretells());
    assert_eq!(remote.plan(&request("shop")).await.expect("a plan").effect(), Effect::Rebuild);
}
