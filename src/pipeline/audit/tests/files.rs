//! The file: its names, its bounds, and days when it cannot be written.

use std::fs::File;
use std::io::Read;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::super::rotation::Rotated;
use super::super::*;
use crate::telemetry::{Metrics, Stored};

const ROTATION: Rotation = Rotation { megabytes: 1, days: 0, files: 0 };

fn now() -> Timestamp {
    "2026-01-02T03:04:05.6789Z".parse().unwrap()
}

/// A line of so many kilobytes.
fn line(kilobytes: usize, byte: u8) -> Vec<u8> {
    let mut line = vec![byte; kilobytes * 1024];
    line[0] = b'{';
    line.push(b'\n');
    line
}

fn names(folder: &Path) -> Vec<String> {
    let files = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<_> = files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// A pipe, and who has it open and reads nothing.
fn idle_pipe(folder: &Path) -> (PathBuf, File) {
    let path = folder.join("pipe");
    nix::unistd::mkfifo(&path, nix::sys::stat::Mode::S_IRWXU).unwrap();
    let nonblocking = nix::fcntl::OFlag::O_NONBLOCK.bits();
    let idle = std::fs::OpenOptions::new().read(true).custom_flags(nonblocking).open(&path).unwrap();
    (path, idle)
}

fn lost(metrics: &Metrics, plugin: &str) -> u64 {
    let text = metrics.text(&Stored::default()).unwrap();
    let counter = format!(r#"apiserver_audit_error_total{{plugin="{plugin}"}} "#);
    text.lines().find_map(|line| line.strip_prefix(&counter)).map_or(0, |count| count.parse().unwrap())
}

#[test]
fn a_large_file_is_put_aside_under_the_time() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("made/audit.log");
    let mut file = Rotated::open(path.clone(), ROTATION, now).unwrap();
    for byte in [b'a', b'b', b'c'] {
        file.write(&line(600, byte)).unwrap();
    }
    let first = "audit-2026-01-02T03-04-05.678.log";
    let made = path.parent().unwrap();
    assert_eq!(names(made), [first, "audit-2026-01-02T03-04-05.679.log", "audit.log"]);
    assert_eq!(std::fs::read(made.join(first)).unwrap(), line(600, b'a'));
    assert_eq!(std::fs::read(&path).unwrap(), line(600, b'c'));
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&path), mode(&made.join(first)), mode(made)), (0o600, 0o600, 0o700));
    let error = file.write(&line(1025, b'd')).unwrap_err().to_string();
    assert_eq!(error, "an event of 1049601 bytes is larger than a file may be");
    drop(file);
    let mut again = Rotated::open(path.clone(), ROTATION, now).unwrap();
    again.write(&line(400, b'e')).unwrap();
    again.write(&line(400, b'f')).unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), line(400, b'f'), "what was there before counts");
}

#[test]
fn files_that_are_too_many_or_too_old_are_removed() {
    let folder = tempfile::tempdir().unwrap();
    let aside = |day: &str| format!("audit-2026-{day}T00-00-00.000.log");
    for name in
        [&aside("01-01"), &aside("01-02"), &aside("01-03"), &aside("01-04"), "audit-mine.log", "other.log"]
    {
        std::fs::write(folder.path().join(name), "").unwrap();
    }
    let open = |days, files, now| {
        let rotation = Rotation { megabytes: 1, days, files };
        Rotated::open(folder.path().join("audit.log"), rotation, now).map(drop).unwrap();
        names(folder.path())
    };
    let others = ["audit-mine.log", "audit.log", "other.log"].map(str::to_owned);
    let left = |days: &[&str]| days.iter().map(|day| aside(day)).chain(others.clone()).collect::<Vec<_>>();
    assert_eq!(open(0, 0, now), left(&["01-01", "01-02", "01-03", "01-04"]), "nothing is bounded");
    assert_eq!(open(0, 3, now), left(&["01-02", "01-03", "01-04"]));
    assert_eq!(open(2, 0, || "2026-01-05T12:00:00Z".parse().unwrap()), left(&["01-04"]));
}

#[tokio::test]
async fn a_full_disk_stops_nobody_but_where_that_is_asked_for() {
    for (mode, goes_on) in [(Mode::Blocking, true), (Mode::Batch(8), true), (Mode::BlockingStrict, false)] {
        let metrics = Metrics::new();
        let target = Target::File("/dev/full".into(), Rotation { megabytes: 0, ..ROTATION });
        let log = Log::open(target, mode, metrics.audit().clone()).unwrap();
        for _ in 0..2 {
            assert_eq!(log.write(b"{}\n".to_vec()), goes_on, "{mode:?}");
        }
        log.flush().await;
        assert_eq!(lost(&metrics, "log"), 2, "{mode:?}");
    }
}

#[test]
fn what_waits_to_be_written_is_bounded() {
    let folder = tempfile::tempdir().unwrap();
    let (path, idle) = idle_pipe(folder.path());
    let metrics = Metrics::new();
    let target = Target::File(path.clone(), Rotation { megabytes: 0, ..ROTATION });
    let log = Log::open(target, Mode::Batch(1), metrics.audit().clone()).unwrap();
    // The pipe holds less than one of them: one is being written, one waits.
    for _ in 0..4 {
        assert!(log.write(line(256, b'a')));
    }
    let lost_lines = lost(&metrics, "buffered");
    assert!(lost_lines >= 2, "{lost_lines}");
    let mut reader = File::open(&path).unwrap();
    drop((idle, log));
    let mut written = Vec::new();
    reader.read_to_end(&mut written).unwrap();
    assert_eq!(written.len(), (4 - lost_lines as usize) * line(256, b'a').len());
    let one =
        Log::open(Target::File(folder.path().join("log"), ROTATION), Mode::Batch(8), metrics.audit().clone());
    assert!(one.unwrap().write(line(65 * 1024, b'a')));
    assert_eq!(lost(&metrics, "buffered"), lost_lines + 1, "and their bytes");
}

#[test]
fn what_is_no_log_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let why = |path: &Path| Rotated::open(path.to_owned(), ROTATION, now).unwrap_err().to_string();
    std::fs::write(path("store.redb"), "redb").unwrap();
    assert!(why(&path("store.redb")).starts_with("it is another file, and no audit log"));
    assert_eq!(std::fs::read(path("store.redb")).unwrap(), b"redb");
    nix::unistd::mkfifo(&path("pipe"), nix::sys::stat::Mode::S_IRWXU).unwrap();
    assert_eq!(why(&path("pipe")), "it is a pipe that nobody reads");
    assert_eq!(why(folder.path()), "it is neither a file nor a pipe");
}

#[test]
fn a_device_is_never_put_aside() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("audit.log");
    std::os::unix::fs::symlink("/dev/null", &path).unwrap();
    let mut file = Rotated::open(path, ROTATION, now).unwrap();
    for byte in [b'a', b'b', b'c'] {
        file.write(&line(600, byte)).unwrap();
    }
    assert_eq!(names(folder.path()), ["audit.log"]);
}

/// One thread for all others, and a pipe that nobody reads: whoever is recorded waits, and nobody else.
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_log_that_stands_still_holds_up_nobody_who_is_not_recorded() {
    let folder = tempfile::tempdir().unwrap();
    let (path, idle) = idle_pipe(folder.path());
    let metrics = Metrics::new();
    let log =
        Log::open(Target::File(path.clone(), ROTATION), Mode::Blocking, metrics.audit().clone()).unwrap();
    let log = Arc::new(log);
    let recorded = tokio::spawn({
        let log = log.clone();
        // The pipe holds less.
        async move { log.write(line(256, b'a')) }
    });
    let another = tokio::spawn(async { 1 });
    assert_eq!(another.await.unwrap(), 1);
    assert!(!recorded.is_finished());
    let mut read = vec![0; line(256, b'a').len()];
    let path = path.clone();
    let read = tokio::task::spawn_blocking(move || {
        File::open(&path).unwrap().read_exact(&mut read).unwrap();
        read
    });
    assert_eq!(read.await.unwrap(), line(256, b'a'));
    assert!(recorded.await.unwrap());
    drop(idle);
}
