//! Files of ours, read so that nothing that somebody put in their place, such as a pipe, holds anybody up.

use nix::fcntl::OFlag;
use std::fs::OpenOptions;
use std::io::{Error, ErrorKind, Read, Result};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// Nothing that we write comes near.
const LARGEST: u64 = 16 << 20;

/// What a regular file holds; [`ErrorKind::InvalidData`] where it is none of ours.
pub(super) fn read(path: &Path) -> Result<Vec<u8>> {
    let file = OpenOptions::new().read(true).custom_flags(OFlag::O_NONBLOCK.bits()).open(path)?;
    if !file.metadata()?.is_file() {
        return Err(invalid("it is no regular file".to_owned()));
    }
    let mut bytes = Vec::new();
    file.take(LARGEST + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LARGEST {
        return Err(invalid(format!("it is larger than {} MiB", LARGEST >> 20)));
    }
    Ok(bytes)
}

/// The same as text.
pub(super) fn read_text(path: &Path) -> Result<String> {
    String::from_utf8(read(path)?).map_err(|_| invalid("it is no text".to_owned()))
}

fn invalid(why: String) -> Error {
    Error::new(ErrorKind::InvalidData, why)
}

#[cfg(test)]
mod tests {
    use super::*;
    use nix::sys::stat::Mode;

    #[test]
    fn what_is_no_regular_file_is_said_to_be_none_and_nobody_waits_for_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = |name: &str| folder.path().join(name);
        nix::unistd::mkfifo(&path("pipe"), Mode::S_IRWXU).expect("a pipe");
        std::fs::create_dir(path("folder")).expect("a folder");
        std::fs::File::create(path("huge")).and_then(|file| file.set_len(1 << 40)).expect("a file");
        std::fs::write(path("bytes"), b"\xff").expect("a file");
        for (name, why) in
            [("pipe", "no regular file"), ("folder", "no regular file"), ("huge", "larger than 16 MiB")]
        {
            let error = read(&path(name)).expect_err(name);
            assert!(
                error.kind() == ErrorKind::InvalidData && error.to_string().contains(why),
                "{name}: {error}"
            );
        }
        assert_eq!(read(&path("bytes")).expect("bytes"), b"\xff");
        assert!(read_text(&path("bytes")).expect_err("no text").to_string().contains("no text"));
        assert_eq!(read(&path("missing")).expect_err("nothing").kind(), ErrorKind::NotFound);
    }
}
