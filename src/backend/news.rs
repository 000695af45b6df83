//! What a backend announces.

use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::broadcast::{Sender, channel};

/// So much waits for a slow listener; one that falls further behind is told to look at everything.
const BACKLOG: usize = 1024;

/// What changed by itself and should be looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    /// An object, such as one whose server died.
    Object {
        /// Its uid.
        uid: String,
    },
    /// What is offered to a class.
    Class {
        /// Its name.
        name: String,
    },
    /// More than can be named: every object and every class.
    Everything,
}

/// What somebody who looks after an object's implementation warns of: shown as an event of the object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// The object's uid.
    pub uid: String,
    /// Why, in a word, such as `FailedCreate`.
    pub reason: String,
    /// The same for a person, without a secret.
    pub message: String,
}

/// Tells news to whoever listens.
#[derive(Debug)]
pub struct Announcer(Sender<News>);

impl Default for Announcer {
    fn default() -> Self {
        Announcer(channel(BACKLOG).0)
    }
}

impl Announcer {
    /// Tells it to everybody who listens now.
    pub fn tell(&self, news: News) {
        // An error only says that nobody listens.
        let _ = self.0.send(news);
    }

    /// The news from now on.
    pub fn listen(&self) -> BoxStream<'static, News> {
        let next = async |mut receiver: tokio::sync::broadcast::Receiver<News>| match receiver.recv().await {
            Ok(news) => Some((news, receiver)),
            Err(RecvError::Lagged(_)) => Some((News::Everything, receiver)),
            Err(RecvError::Closed) => None,
        };
        futures_util::stream::unfold(self.0.subscribe(), next).boxed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn who_falls_behind_is_told_to_look_at_everything() {
        let announcer = Announcer::default();
        let mut slow = announcer.listen();
        for number in 0..=BACKLOG {
            announcer.tell(News::Object { uid: number.to_string() });
        }
        assert_eq!(slow.next().await, Some(News::Everything));
        assert_eq!(slow.next().await, Some(News::Object { uid: "1".into() }));
        let mut late = announcer.listen();
        announcer.tell(News::Class { name: "gold".into() });
        assert_eq!(late.next().await, Some(News::Class { name: "gold".into() }));
    }
}
