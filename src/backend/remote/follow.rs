//! Following what a backend announces, however often it goes and comes back.

use super::calls;
use super::link::Link;
use super::messages::Capability;
use super::session::Session;
use crate::backend::{Announcer, News, Warner};
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// So soon it is looked for again after it went; each time later, up to the last.
const FIRST: Duration = Duration::from_millis(100);
const LAST: Duration = Duration::from_secs(5);
/// At most so often it is heard, whatever it says: about one thing, and about everything. News and warnings each by themselves.
const ONE_THING: Duration = Duration::from_millis(1);
const EVERYTHING: Duration = Duration::from_secs(1);

/// Follows it for ever, and tells what it announces. Whenever it is there again, everything may have changed.
pub(super) async fn follow(link: Arc<Link>, announcer: Arc<Announcer>, warner: Warner) {
    let mut pause = FIRST;
    loop {
        let mut lasted = Duration::ZERO;
        if let Ok(session) = link.session().await {
            let since = Instant::now();
            announcer.tell(News::Everything);
            tokio::select! {
                () = session.connection.ended.cancelled() => {}
                () = listen(&session, &announcer) => {}
                () = heed(&session, &warner) => {}
            }
            lasted = since.elapsed();
        }
        pause = rest(pause, lasted).await;
    }
}

/// Waits until it is looked for again, who was there for so long; and says how long to wait the next time.
async fn rest(pause: Duration, lasted: Duration) -> Duration {
    let pause = if lasted > LAST { FIRST } else { pause };
    sleep(pause).await;
    (pause * 2).min(LAST)
}

/// Tells what it announces until it announces nothing more.
async fn listen(session: &Session, announcer: &Announcer) {
    if !session.info.capabilities.contains(&Capability::News) {
        return std::future::pending().await;
    }
    let Ok(mut announced) = session.announced(&calls::NEWS).await else { return };
    while let Ok(Some(message)) = announced.next().await {
        let news = News::from(message);
        let beat = if news == News::Everything { EVERYTHING } else { ONE_THING };
        announcer.tell(news);
        sleep(beat).await;
    }
}

/// Tells what it warns of for as long as there is the connection. Whoever warns in a way that cannot be understood is still heard
/// in all else that he says.
async fn heed(session: &Session, warner: &Warner) {
    if !session.info.capabilities.contains(&Capability::Warnings) {
        return std::future::pending().await;
    }
    let mut pause = FIRST;
    loop {
        let since = Instant::now();
        if let Ok(mut announced) = session.announced(&calls::WARNINGS).await {
            while let Ok(Some(message)) = announced.next().await {
                warner.tell(message.into());
                sleep(ONE_THING).await;
            }
        }
        pause = rest(pause, since.elapsed()).await;
    }
}
