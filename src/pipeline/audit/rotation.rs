//! A file of lines that is put aside when it is large, under the names that kube-apiserver uses:
//! `audit-2006-01-02T15-04-05.000.log` beside `audit.log`, the time being when it was put aside, in UTC.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, FileTypeExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use jiff::civil::DateTime;
use jiff::{SignedDuration, Timestamp};

/// How the time stands in a name.
const TIME: &str = "%Y-%m-%dT%H-%M-%S%.3f";
const MEGABYTE: u64 = 1024 * 1024;

/// When a file is put aside, and how long it is kept. Zero is no bound.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rotation {
    /// The largest file, in megabytes.
    pub(crate) megabytes: u64,
    /// For how many days files are kept.
    pub(crate) days: u64,
    /// How many files are kept.
    pub(crate) files: usize,
}

/// The file, open for as long as it can be.
#[derive(Debug)]
pub(super) struct Rotated {
    path: PathBuf,
    rotation: Rotation,
    now: fn() -> Timestamp,
    open: Option<(File, u64)>,
    /// It is no pipe and no device: it can be put aside and cut.
    is_file: bool,
}

impl Rotated {
    /// Opens it, or makes it and its folder: nobody else may read them.
    pub(super) fn open(path: PathBuf, rotation: Rotation, now: fn() -> Timestamp) -> io::Result<Self> {
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        }
        let is_file = is_file(&path)?;
        let mut rotated = Self { path, rotation, now, open: None, is_file };
        rotated.ready()?;
        rotated.prune();
        Ok(rotated)
    }

    /// Writes a line whole, or not at all.
    pub(super) fn write(&mut self, line: &[u8]) -> io::Result<()> {
        let (length, most) = (line.len() as u64, self.rotation.megabytes.saturating_mul(MEGABYTE));
        if most > 0 && length > most {
            let why = format!("an event of {length} bytes is larger than a file may be");
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, why));
        }
        let is_file = self.is_file;
        let size = self.ready()?.1;
        if is_file && most > 0 && size + length > most {
            self.put_aside()?;
        }
        let (file, size) = self.ready()?;
        if let Err(error) = file.write_all(line) {
            // What there was room for must not stand before the next line.
            if is_file && file.set_len(*size).is_err() {
                self.open = None;
            }
            return Err(error);
        }
        *size += length;
        Ok(())
    }

    fn ready(&mut self) -> io::Result<&mut (File, u64)> {
        let open = match self.open.take() {
            Some(open) => open,
            None => {
                let file = OpenOptions::new().append(true).create(true).mode(0o600).open(&self.path)?;
                let size = file.metadata()?.len();
                (file, size)
            }
        };
        Ok(self.open.insert(open))
    }

    fn put_aside(&mut self) -> io::Result<()> {
        let mut time = (self.now)();
        let mut aside = self.aside(time);
        while aside.try_exists()? {
            time += SignedDuration::from_millis(1);
            aside = self.aside(time);
        }
        fs::rename(&self.path, aside)?;
        self.open = None;
        self.prune();
        Ok(())
    }

    fn aside(&self, time: Timestamp) -> PathBuf {
        let (stem, extension) = self.names();
        self.path.with_file_name(format!("{stem}-{}{extension}", time.strftime(TIME)))
    }

    /// What its name begins with and ends in.
    fn names(&self) -> (String, String) {
        let text = |part: Option<&std::ffi::OsStr>| part.unwrap_or_default().to_string_lossy().into_owned();
        let extension = self.path.extension().map(|extension| format!(".{}", extension.to_string_lossy()));
        (text(self.path.file_stem()), extension.unwrap_or_default())
    }

    /// Removes files that are too old or too many. What cannot be removed is tried again next time.
    fn prune(&self) {
        if !self.is_file {
            return;
        }
        let mut files = self.files();
        files.sort_by_key(|(time, _)| std::cmp::Reverse(*time));
        let Rotation { days, files: most, .. } = self.rotation;
        let age = SignedDuration::from_hours(
            i64::try_from(days).unwrap_or(i64::MAX).saturating_mul(24).min(1 << 30),
        );
        for (at, (time, path)) in files.iter().enumerate() {
            let is_old = days > 0 && (self.now)().duration_since(*time) > age;
            if (is_old || most > 0 && at >= most)
                && let Err(error) = fs::remove_file(path)
            {
                tracing::warn!(file = %path.display(), %error, "an old file of the audit log cannot be removed");
            }
        }
    }

    /// The files that were put aside, and when.
    fn files(&self) -> Vec<(Timestamp, PathBuf)> {
        let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let Ok(files) = fs::read_dir(folder.unwrap_or(Path::new("."))) else { return Vec::new() };
        let (stem, extension) = self.names();
        let time = |name: &str| {
            let time = name.strip_prefix(&stem)?.strip_prefix('-')?.strip_suffix(&extension)?;
            let time = DateTime::strptime("%Y-%m-%dT%H-%M-%S%.f", time).ok()?;
            Some(time.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp())
        };
        let file = |file: io::Result<fs::DirEntry>| {
            let file = file.ok()?;
            Some((time(file.file_name().to_str()?)?, file.path()))
        };
        files.filter_map(file).collect()
    }
}

/// Whether a log is, or will be, a file. What is there and cannot be a log is left alone: a path that is wrong costs nobody his data.
fn is_file(path: &Path) -> io::Result<bool> {
    let found = match fs::metadata(path) {
        Ok(found) => found.file_type(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(true),
        Err(error) => return Err(error),
    };
    let refused = |why: &str| Err(io::Error::new(io::ErrorKind::InvalidInput, why));
    if found.is_file() {
        let mut first = [b'{'];
        let _ = File::open(path)?.read(&mut first)?;
        return match first {
            [b'{'] => Ok(true),
            _ => refused("it is another file, and no audit log: name one that is not there yet"),
        };
    }
    if found.is_fifo() {
        // Whoever opens a pipe that nobody reads waits for ever.
        let nonblocking = nix::fcntl::OFlag::O_NONBLOCK.bits();
        let probe = OpenOptions::new().write(true).custom_flags(nonblocking).open(path);
        return probe.map(|_| false).or_else(|_| refused("it is a pipe that nobody reads"));
    }
    if found.is_char_device() { Ok(false) } else { refused("it is neither a file nor a pipe") }
}
