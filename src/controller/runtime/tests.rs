use super::*;
use std::sync::Mutex;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

type Answer = fn(usize) -> Result<Outcome, &'static str>;

/// Answers every look by how often its key was looked at before, and tells of it.
struct Told {
    answer: Answer,
    looks: Mutex<Vec<String>>,
    tell: UnboundedSender<String>,
}

impl Reconciler for Told {
    type Key = String;
    type Error = &'static str;
    const NAME: &'static str = "telling";
    const WORKERS: usize = 2;

    async fn reconcile(&self, key: &String) -> Result<Outcome, &'static str> {
        let before = {
            let mut looks = self.looks.lock().unwrap();
            looks.push(key.clone());
            looks.iter().filter(|known| *known == key).count() - 1
        };
        self.tell.send(key.clone()).unwrap();
        (self.answer)(before)
    }
}

/// Runs over these keys until so many looks were made; which they were, and how long it took.
async fn looks(answer: Answer, keys: &[&str], count: usize) -> (Vec<String>, Duration) {
    let ((tell, mut told), (wake, mut woken)) = (unbounded_channel(), unbounded_channel());
    keys.iter().for_each(|key| wake.send((*key).to_owned()).unwrap());
    let ended = CancellationToken::new();
    let begin = tokio::time::Instant::now();
    let controller = Controller::new(Told { answer, looks: Mutex::default(), tell });
    let woken = futures_util::stream::poll_fn(move |context| woken.poll_recv(context));
    let running = tokio::spawn(controller.wakes(woken).run(ended.clone()));
    let mut seen = Vec::new();
    while seen.len() < count {
        seen.push(told.recv().await.unwrap());
    }
    let took = begin.elapsed();
    ended.cancel();
    running.await.unwrap();
    (seen, took)
}

#[tokio::test(start_paused = true)]
async fn every_key_that_is_woken_is_looked_at() {
    let (mut seen, _) = looks(|_| Ok(Outcome::Settled), &["a", "b", "c"], 3).await;
    seen.sort();
    assert_eq!(seen, ["a", "b", "c"]);
}

#[tokio::test(start_paused = true)]
async fn a_schedule_is_a_look_that_asks_for_the_next() {
    let hourly = |_| Ok(Outcome::Again(Duration::from_secs(3600)));
    let (seen, took) = looks(hourly, &["all"], 3).await;
    assert_eq!((seen, took.as_secs()), (vec!["all".to_owned(); 3], 7200));
}

#[tokio::test(start_paused = true)]
async fn a_failure_is_tried_again_and_holds_up_no_other_key() {
    let (seen, took) =
        looks(|before| if before < 2 { Err("no") } else { Ok(Outcome::Settled) }, &["a"], 3).await;
    assert_eq!((seen.len(), took.as_millis()), (3, 600));
    let (seen, took) = looks(|_| Err("no"), &["a", "b"], 2).await;
    assert_eq!((seen, took.as_millis()), (vec!["a".to_owned(), "b".to_owned()], 0));
}

/// Waits until it is let go, and says that it was finished.
struct Slow {
    begun: UnboundedSender<()>,
    finished: UnboundedSender<()>,
    go: CancellationToken,
}

impl Reconciler for Slow {
    type Key = String;
    type Error = &'static str;
    const NAME: &'static str = "waiting";

    async fn reconcile(&self, _: &String) -> Result<Outcome, &'static str> {
        self.begun.send(()).unwrap();
        self.go.cancelled().await;
        self.finished.send(()).unwrap();
        Ok(Outcome::Settled)
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_begun_is_finished_and_nothing_new_is_begun() {
    let ((begun, mut begins), (finished, mut finishes)) = (unbounded_channel(), unbounded_channel());
    let (go, ended) = (CancellationToken::new(), CancellationToken::new());
    let controller = Controller::new(Slow { begun, finished, go: go.clone() });
    let controller = controller.begins_with("a".to_owned()).begins_with("b".to_owned());
    let running = tokio::spawn(controller.run(ended.clone()));
    begins.recv().await.unwrap();
    ended.cancel();
    go.cancel();
    running.await.unwrap();
    assert!(finishes.recv().await.is_some() && finishes.recv().await.is_none());
    assert!(begins.recv().await.is_none());
}
