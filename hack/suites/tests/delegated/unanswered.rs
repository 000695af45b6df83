//! A cluster that does not answer is no refusal.

use futures_util::future::join_all;
use nix::sys::signal::Signal;
use suites::wait::until;

use crate::setup::{Setup, read, stranger};

/// As many as ask for the same at once.
const CROWD: usize = 12;

#[tokio::test(flavor = "multi_thread")]
async fn a_review_without_an_answer_is_an_error_and_no_refusal() {
    let Some(mut setup) = Setup::start().await else { return };
    let (eve, nobody) = (setup.user("eve", &[]), setup.nobody());
    let admin = setup.user("admin", &["system:masters"]);
    assert_eq!(stranger(&read(&nobody, &[]).await), "system:anonymous");

    setup.cluster.apiserver.signal(Signal::SIGSTOP);
    let crowd = join_all((0..CROWD).map(|_| read(&eve, &[])));
    let bearer = [("authorization", "Bearer not-known-yet")];
    let (crowd, token) = tokio::join!(crowd, read(&nobody, &bearer));
    for reply in crowd {
        assert_eq!(reply.status, 500, "{}", reply.text());
        assert!(reply.text().starts_with("Internal Server Error: \"/apis/"), "{}", reply.text());
    }
    token.refused(401, "Unauthorized");
    // Who needs no review is served.
    read(&admin, &[]).await.expect(200);
    assert_eq!(eve.get("/livez", &[]).await.status, 200);

    setup.cluster.apiserver.signal(Signal::SIGCONT);
    until("the cluster answers again", async || (read(&eve, &[]).await.status == 403).then_some(())).await;
}
