//! What goes wrong with files and disks.

use std::io::{Error as IoError, ErrorKind};
use std::ops::Bound;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use ::redb::backends::FileBackend;
use ::redb::{BackendError, Builder, Database, DatabaseError, StorageBackend, TableDefinition};
use futures_util::StreamExt;

use super::file::Source;
use super::*;
use crate::{ReadAt, Storage, WatchMessage};

/// A file on a disk that can be full.
struct Disk {
    path: PathBuf,
    full: Arc<AtomicBool>,
}

impl Source for Disk {
    fn open(&self) -> Result<Database, DatabaseError> {
        let file = std::fs::OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&self.path)?;
        Builder::new().create_with_backend(Full { file: FileBackend::new(file)?, full: self.full.clone() })
    }

    fn path(&self) -> &Path {
        &self.path
    }
}

/// redb's own access to the file, with writes that fail while the disk is full.
#[derive(Debug)]
struct Full {
    file: FileBackend,
    full: Arc<AtomicBool>,
}

impl Full {
    fn room(&self) -> Result<(), IoError> {
        if self.full.load(Ordering::SeqCst) { Err(ErrorKind::StorageFull.into()) } else { Ok(()) }
    }
}

impl StorageBackend for Full {
    fn len(&self) -> Result<u64, IoError> {
        self.file.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> Result<(), IoError> {
        self.file.read(offset, out)
    }

    fn set_len(&self, len: u64) -> Result<(), IoError> {
        self.room()?;
        self.file.set_len(len)
    }

    fn sync_data(&self) -> Result<(), IoError> {
        self.room()?;
        self.file.sync_data()
    }

    fn write(&self, offset: u64, data: &[u8]) -> Result<(), IoError> {
        self.room()?;
        self.file.write(offset, data)
    }

    fn close(&self) -> Result<(), IoError> {
        self.file.close()
    }

    fn try_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.file.try_lock_range(start, end)
    }

    fn unlock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.file.unlock_range(start, end)
    }
}

async fn create(store: &Redb, key: &str) -> Result<Revision, Error> {
    match store.create(key, Bytes::from(vec![b'x'; 3000])).await? {
        Update::Done(revision) => Ok(revision),
        Update::Conflict(found) => panic!("a conflict with {found:?}"),
    }
}

async fn keys(store: &Redb) -> Vec<String> {
    let page = store.list("/", None, 0, ReadAt::Latest).await.unwrap();
    page.items.into_iter().map(|kv| kv.key).collect()
}

async fn refused(config: Config) -> String {
    match open(config).await {
        Err(Error::Io(message)) => message,
        Err(error) => panic!("another kind of error: {error}"),
        Ok(_) => panic!("it was opened"),
    }
}

#[tokio::test]
async fn a_full_disk_stops_writes_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let (path, full) = (folder.path().join("db"), Arc::new(AtomicBool::new(false)));
    let disk = Disk { path: path.clone(), full: full.clone() };
    let store = start(Shared::open(Box::new(disk)).unwrap(), &path).unwrap();
    let first = create(&store, "/a").await.unwrap();
    let mut watch = store.watch("/", 1).await.unwrap();

    full.store(true, Ordering::SeqCst);
    for _ in 0..2 {
        let error = create(&store, "/b").await.unwrap_err().to_string();
        assert!(error.contains(path.to_str().unwrap()) && error.contains("disk space"), "{error}");
        assert_eq!(keys(&store).await, ["/a"]);
        assert_eq!(store.get("/a", ReadAt::Exactly(first)).await.unwrap().1, first);
        assert_eq!(store.revision().await.unwrap(), first);
    }
    full.store(false, Ordering::SeqCst);
    let second = create(&store, "/c").await.unwrap();
    assert_eq!(keys(&store).await, ["/a", "/c"]);

    let mut seen = Vec::new();
    while seen.last() != Some(&second) {
        match tokio::time::timeout(Duration::from_secs(30), watch.next()).await.unwrap().unwrap().unwrap() {
            WatchMessage::Events(events) => seen.extend(events.iter().map(|event| event.revision)),
            WatchMessage::Progress(_) => {}
        }
    }
    assert_eq!(seen, [first, second]);
    drop(store);
    assert!(matches!(watch.next().await, Some(Err(Error::Unavailable(_)))));
    let store = open(Config::new(path)).await.unwrap();
    assert_eq!(keys(&store).await, ["/a", "/c"]);
}

#[tokio::test]
async fn one_process_has_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let config = Config::new(folder.path().join("db"));
    let store = open(config.clone()).await.unwrap();
    let message = refused(config.clone()).await;
    assert!(message.contains("in use by another process"), "{message}");
    drop(store);
    open(config).await.unwrap();
}

#[cfg(unix)]
#[tokio::test]
async fn only_the_owner_reads_the_file() {
    use std::os::unix::fs::PermissionsExt;

    let folder = tempfile::tempdir().unwrap();
    let config = Config::new(folder.path().join("deep/db"));
    open(config.clone()).await.unwrap();
    assert_eq!(std::fs::metadata(config.path).unwrap().permissions().mode() & 0o777, 0o600);
}

#[tokio::test]
async fn a_foreign_file_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notes.txt");
    let content = "something else entirely\n".repeat(1000);
    std::fs::write(&path, &content).unwrap();
    let message = refused(Config::new(&path)).await;
    assert!(message.contains("notes.txt") && message.contains("not a database of this server"), "{message}");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), content);
}

#[tokio::test]
async fn a_database_of_another_program_is_left_alone() {
    const THEIRS: TableDefinition<'_, u64, u64> = TableDefinition::new("theirs");
    const META: TableDefinition<'_, u64, u64> = TableDefinition::new("meta");
    let folder = tempfile::tempdir().unwrap();
    for (name, table) in [("theirs", THEIRS), ("meta", META)] {
        let path = folder.path().join(name);
        let database = Database::create(&path).unwrap();
        let transaction = database.begin_write().unwrap();
        transaction.open_table(table).unwrap().insert(1, 1).unwrap();
        transaction.commit().unwrap();
        drop(database);
        let message = refused(Config::new(&path)).await;
        assert!(message.contains("belongs to another program"), "{message}");
    }
}

#[tokio::test]
async fn a_newer_layout_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let config = Config::new(folder.path().join("db"));
    drop(open(config.clone()).await.unwrap());
    let database = Database::create(&config.path).unwrap();
    let transaction = database.begin_write().unwrap();
    transaction.open_table(tables::META).unwrap().insert(tables::META_FORMAT, tables::FORMAT + 1).unwrap();
    transaction.commit().unwrap();
    drop(database);
    let message = refused(config).await;
    assert!(message.contains("layout 2") && message.contains("layout 1"), "{message}");
}

#[tokio::test]
async fn paths_that_cannot_be_used_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "x").unwrap();
    for (path, words) in [(file.join("db"), "not a folder"), (folder.path().to_owned(), "it is a folder")] {
        let message = refused(Config::new(&path)).await;
        assert!(message.contains(path.to_str().unwrap()) && message.contains(words), "{message}");
    }
}

#[tokio::test]
async fn compaction_gives_space_back() {
    let folder = tempfile::tempdir().unwrap();
    let config = Config::new(folder.path().join("db"));
    let store = open(config.clone()).await.unwrap();
    let mut revision = create(&store, "/a").await.unwrap();
    let mut sizes = Vec::new();
    for _ in 0..6 {
        let updates = 200;
        for _ in 0..updates {
            let value = Bytes::from(vec![b'y'; 20_000]);
            let Update::Done(next) = store.update("/a", value, revision).await.unwrap() else {
                panic!("conflict")
            };
            revision = next;
        }
        store.compact(revision).await.unwrap();
        sizes.push(store.size().await.unwrap().unwrap());
    }
    // 6 rounds wrote 24 MB in all, and each leaves one live value.
    assert!(sizes.last().unwrap() < &16_000_000, "{sizes:?}");
    drop(store);
    let store = open(config).await.unwrap();
    let (found, _) = store.get("/a", ReadAt::Exactly(revision)).await.unwrap();
    assert_eq!(found.unwrap().revision, revision);
}

#[tokio::test]
async fn an_empty_file_is_no_new_store() {
    let folder = tempfile::tempdir().unwrap();
    let config = Config::new(folder.path().join("db"));
    std::fs::write(&config.path, "").unwrap();
    let error = open(config.clone()).await.err().expect("a refusal").to_string();
    assert!(error.contains("it is empty") && error.contains("restore it from a backup"), "{error}");
    std::fs::remove_file(&config.path).unwrap();
    open(config).await.unwrap();
}

#[tokio::test]
async fn what_was_damaged_while_it_was_closed_is_refused_or_read_as_it_was_written() {
    const PAGE: usize = 4096;
    let folder = tempfile::tempdir().unwrap();
    let config = Config::new(folder.path().join("db"));
    let store = open(config.clone()).await.unwrap();
    for number in 0..300 {
        create(&store, &format!("/a/{number:03}")).await.unwrap();
    }
    let whole = store.list("/", None, 0, ReadAt::Latest).await.unwrap().items;
    drop(store);
    let bytes = std::fs::read(&config.path).unwrap();
    let (mut refused, pages) = (0, bytes.len() / PAGE);
    for page in (1..pages).step_by(pages / 60) {
        for byte in [0, 0xa5] {
            let mut damaged = bytes.clone();
            damaged[page * PAGE..(page + 1) * PAGE].fill(byte);
            std::fs::write(&config.path, &damaged).unwrap();
            match open(config.clone()).await {
                Ok(store) => assert_eq!(store.list("/", None, 0, ReadAt::Latest).await.unwrap().items, whole),
                Err(error) => {
                    refused += 1;
                    let text = error.to_string();
                    assert!(matches!(error, Error::Corrupt(_)), "page {page}: {text}");
                    assert!(text.contains("restore it from a backup"), "page {page}: {text}");
                }
            }
        }
    }
    assert!(refused > 20, "{refused} of {pages}");
}

#[tokio::test]
async fn after_damage_nothing_is_read_or_written() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(Config::new(folder.path().join("db"))).await.unwrap();
    create(&store, "/a").await.unwrap();
    let found = store.shared.read::<()>(|_| panic!("a page that cannot be"));
    assert!(
        matches!(&found, Err(Error::Corrupt(text)) if text.contains("a page that cannot be")),
        "{found:?}"
    );
    for error in [
        create(&store, "/b").await.unwrap_err(),
        store.get("/a", ReadAt::Latest).await.unwrap_err(),
        store.compact(1).await.unwrap_err(),
    ] {
        assert!(error.to_string().contains("restore it from a backup"), "{error}");
    }
}
