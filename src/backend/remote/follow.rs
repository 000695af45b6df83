//! Following what a backend announces, however often it goes and comes back.

use super::link::Link;
use super::messages::Capability;
use super::session::Session;
use crate::backend::{Announcer, News};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// So soon it is looked for again after it went; each time later, up to the last.
const FIRST: Duration = Duration::from_millis(100);
const LAST: Duration = Duration::from_secs(5);
/// At most so often it is heard, whatever it says: about one thing, and about everything.
const ONE_THING: Duration = Duration::from_millis(1);
const EVERYTHING: Duration = Duration::from_secs(1);

/// Follows it for ever, and tells what it announces. Whenever it is there again, everything may have changed.
pub(super) async fn follow(link: Arc<Link>, announcer: Arc<Announcer>) {
    let mut pause = FIRST;
    loop {
        if let Ok(session) = link.session().await {
            let since = Instant::now();
            announcer.tell(News::Everything);
            tokio::select! {
                () = session.connection.ended.cancelled() => {}
                () = listen(&session, &announcer) => {}
            }
            if since.elapsed() > LAST {
                pause = FIRST;
            }
        }
        sleep(pause).await;
        pause = (pause * 2).min(LAST);
    }
}

/// Tells what it announces until it announces nothing more.
async fn listen(session: &Session, announcer: &Announcer) {
    if !session.info.capabilities.contains(&Capability::News) {
        return std::future::pending().await;
    }
    let Ok(mut announced) = session.news().await else { return };
    while let Ok(Some(message)) = announced.next().await {
        let news = News::from(message);
        let beat = if news == News::Everything { EVERYTHING } else { ONE_THING };
        announcer.tell(news);
        sleep(beat).await;
    }
}
