//! What a backend announces.

use futures_util::StreamExt;
use futures_util::stream::BoxStream;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::broadcast::{Receiver, Sender, channel};

/// So much waits for a slow listener; one that falls further behind is told to look at everything, or misses warnings.
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
        from_now_on(&self.0, || Some(News::Everything))
    }
}

/// Tells warnings to whoever listens.
#[derive(Clone, Debug)]
pub struct Warner(Sender<Warning>);

impl Default for Warner {
    fn default() -> Self {
        Warner(channel(BACKLOG).0)
    }
}

impl Warner {
    /// Tells it to everybody who listens now.
    pub fn tell(&self, warning: Warning) {
        // An error only says that nobody listens.
        let _ = self.0.send(warning);
    }

    /// The warnings from now on, but for those that a slow listener missed.
    pub fn listen(&self) -> BoxStream<'static, Warning> {
        from_now_on(&self.0, || None)
    }
}

/// What is told from now on, and where something was missed, what is to be told instead.
fn from_now_on<T>(told: &Sender<T>, instead: fn() -> Option<T>) -> BoxStream<'static, T>
where
    T: Clone + Send + 'static,
{
    let next = move |mut receiver: Receiver<T>| async move {
        loop {
            let told = match receiver.recv().await {
                Ok(told) => Some(told),
                Err(RecvError::Lagged(_)) => instead(),
                Err(RecvError::Closed) => return None,
            };
            if let Some(told) = told {
                return Some((told, receiver));
            }
        }
    };
    futures_util::stream::unfold(told.subscribe(), next).boxed()
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

    #[tokio::test]
    async fn who_falls_behind_misses_the_first_warnings_and_hears_the_last() {
        let warner = Warner::default();
        let mut slow = warner.listen();
        let warning = |number: usize| {
            let (uid, reason, message) = (number.to_string(), "FailedCreate".into(), "no room".into());
            Warning { uid, reason, message }
        };
        for number in 0..=BACKLOG {
            warner.tell(warning(number));
        }
        assert_eq!(slow.next().await, Some(warning(1)));
        drop(warner);
        assert_eq!(slow.collect::<Vec<_>>().await.last(), Some(&warning(BACKLOG)));
    }
}
