//! What redb acknowledged is there after `kill -9`, whenever it comes.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use bytes::Bytes;
use databases_storage::engine::redb::{self, Config};
use databases_storage::{ReadAt, Revision, Storage, Update};

/// Set for the process that writes until it is killed; its value is the path of the store.
const CHILD: &str = "DATABASES_STORAGE_CRASH_CHILD";
const ROUNDS: usize = 12;

/// Not a test, but the process that `acknowledged_writes_survive_a_kill` starts and kills.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn child() {
    let Some(path) = std::env::var_os(CHILD) else { return };
    let store = redb::open(Config::new(path)).await.unwrap();
    let run = store.revision().await.unwrap();
    let writers = (0..16).map(|writer| endless(&store, run, writer));
    futures_util::future::join_all(writers).await;
}

/// Creates, updates and deletes, telling what was acknowledged.
async fn endless(store: &dyn Storage, run: Revision, writer: usize) {
    for number in 0.. {
        let key = format!("/crash/{run}/{writer}/{number}");
        let value = Bytes::from(vec![b'a' + (number % 26) as u8; 100 + number * 37 % 4000]);
        let revision = done(store.create(&key, value.clone()).await.unwrap());
        tell(&key, revision, Some(value.len()));
        match number % 4 {
            1 => {
                let revision = done(store.update(&key, value.slice(1..), revision).await.unwrap());
                tell(&key, revision, Some(value.len() - 1));
            }
            2 => tell(&key, done(store.delete(&key, revision).await.unwrap()), None),
            3 if writer == 0 => store.compact(revision).await.unwrap(),
            _ => {}
        }
    }
}

fn done(update: Update) -> Revision {
    match update {
        Update::Done(revision) => revision,
        Update::Conflict(found) => panic!("a conflict with {found:?}"),
    }
}

/// One line, at once; size `-`: the key was removed.
fn tell(key: &str, revision: Revision, size: Option<usize>) {
    let size = size.map_or("-".to_owned(), |size| size.to_string());
    let mut out = std::io::stdout().lock();
    out.write_all(format!("\nack {key} {revision} {size}\n").as_bytes()).unwrap();
    out.flush().unwrap();
}

/// What the child acknowledged last about a key.
struct Acknowledged {
    key: String,
    revision: Revision,
    size: Option<usize>,
}

fn parse(line: &str) -> Option<Acknowledged> {
    let mut words = line.strip_prefix("ack ")?.split(' ');
    let (key, revision, size) = (words.next()?, words.next()?, words.next()?);
    Some(Acknowledged { key: key.to_owned(), revision: revision.parse().ok()?, size: size.parse().ok() })
}

/// Runs the child until it has acknowledged `count` writes, and kills it.
fn run_and_kill(path: &Path, count: usize) -> Vec<Acknowledged> {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "crash::child", "--nocapture"])
        .env(CHILD, path)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    let mut acknowledged: Vec<_> = lines.by_ref().filter_map(|line| parse(&line)).take(count).collect();
    child.kill().unwrap();
    // The last line may be cut short, at worst in the middle of its size: it is not counted.
    let mut rest: Vec<_> = lines.collect();
    rest.pop();
    acknowledged.extend(rest.iter().filter_map(|line| parse(line)));
    assert!(!child.wait().unwrap().success());
    acknowledged
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn acknowledged_writes_survive_a_kill() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.redb");
    let mut all = std::collections::BTreeMap::new();
    let mut newest = 0;
    for round in 0..ROUNDS {
        let (path, count) = (path.clone(), 1 + round * round * 29 % 1500);
        let acknowledged = tokio::task::spawn_blocking({
            let path = path.clone();
            move || run_and_kill(&path, count)
        });
        for Acknowledged { key, revision, size } in acknowledged.await.unwrap() {
            newest = newest.max(revision);
            all.insert(key, (revision, size));
        }
        let store = redb::open(Config::new(path)).await.unwrap();
        assert!(store.revision().await.unwrap() >= newest, "round {round}");
        check(&store, &all, round).await;
    }
    assert!(all.len() > 1000, "only {} keys were written", all.len());
}

/// Every key is as it was acknowledged, or as a write left it whose acknowledgement was not read any more.
async fn check(
    store: &dyn Storage,
    all: &std::collections::BTreeMap<String, (Revision, Option<usize>)>,
    round: usize,
) {
    let page = store.list("/crash/", None, 0, ReadAt::Latest).await.unwrap();
    let found: std::collections::BTreeMap<_, _> =
        page.items.iter().map(|kv| (kv.key.as_str(), (kv.revision, kv.value.len()))).collect();
    for (key, (revision, size)) in all {
        match (found.get(key.as_str()), size) {
            (Some((at, length)), Some(size)) if at == revision => {
                assert_eq!(length, size, "round {round}: {key}")
            }
            (Some((at, _)), Some(_)) => {
                assert!(at > revision, "round {round}: {key} is at {at}, not {revision}")
            }
            (Some((at, _)), None) => panic!("round {round}: {key}, removed at {revision}, is there at {at}"),
            (None, None) => {}
            (None, Some(_)) => {
                // Only a key that the child goes on to remove may be missing.
                let number: usize = key.rsplit('/').next().unwrap().parse().unwrap();
                assert_eq!(number % 4, 2, "round {round}: {key}, acknowledged at {revision}, is lost");
            }
        }
    }
}
