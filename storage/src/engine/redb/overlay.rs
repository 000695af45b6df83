//! A database that is read from its file and written to memory.
//!
//! When the disk takes no more writes, redb refuses reads as well until the file is opened again, and opening
//! it after a failed commit has to repair it, which writes. With the repair in memory, reads go on.

use std::collections::BTreeMap;
use std::fs::{File, TryLockError};
use std::io::{Error, ErrorKind, Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

use ::redb::StorageBackend;

/// Writes are kept in blocks of this size.
const BLOCK: u64 = 4096;

/// A file, and what was written over it.
#[derive(Debug)]
pub(super) struct Overlay(Mutex<State>);

#[derive(Debug)]
struct State {
    file: File,
    /// How much of the file still shows.
    shown: u64,
    len: u64,
    blocks: BTreeMap<u64, Vec<u8>>,
}

impl Overlay {
    /// The file at `path`, locked so that no other process writes to it.
    pub(super) fn open(path: &Path) -> Result<Self, Error> {
        let file = File::open(path)?;
        file.try_lock().map_err(|error| match error {
            TryLockError::Error(error) => error,
            TryLockError::WouldBlock => Error::new(ErrorKind::ResourceBusy, "another process has opened it"),
        })?;
        let len = file.metadata()?.len();
        Ok(Self(Mutex::new(State { file, shown: len, len, blocks: BTreeMap::new() })))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// The block with this number, as it is now.
    fn block(&mut self, number: u64) -> Result<Vec<u8>, Error> {
        if let Some(block) = self.blocks.get(&number) {
            return Ok(block.clone());
        }
        let mut block = Vec::new();
        let start = number * BLOCK;
        let shown = self.shown.saturating_sub(start).min(BLOCK);
        self.file.seek(SeekFrom::Start(start))?;
        self.file.by_ref().take(shown).read_to_end(&mut block)?;
        block.resize(BLOCK as usize, 0);
        Ok(block)
    }

    /// Calls `each` with every block of a range: its number, the place in it, the place in the range, the length.
    fn pieces(offset: u64, length: usize) -> impl Iterator<Item = (u64, usize, usize, usize)> {
        let mut done = 0;
        std::iter::from_fn(move || {
            let place = offset + done as u64;
            let within = (place % BLOCK) as usize;
            let piece = (BLOCK as usize - within).min(length - done);
            done += piece;
            (piece > 0).then_some((place / BLOCK, within, done - piece, piece))
        })
    }
}

impl StorageBackend for Overlay {
    fn len(&self) -> Result<u64, Error> {
        Ok(self.state().len)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> Result<(), Error> {
        let mut state = self.state();
        if offset + out.len() as u64 > state.len {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        for (number, within, place, length) in State::pieces(offset, out.len()) {
            out[place..place + length].copy_from_slice(&state.block(number)?[within..within + length]);
        }
        Ok(())
    }

    fn set_len(&self, len: u64) -> Result<(), Error> {
        let mut state = self.state();
        state.shown = state.shown.min(len);
        state.blocks.retain(|number, _| number * BLOCK < len);
        if let Some(last) = state.blocks.get_mut(&(len / BLOCK)) {
            last[(len % BLOCK) as usize..].fill(0);
        }
        state.len = len;
        Ok(())
    }

    fn sync_data(&self) -> Result<(), Error> {
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> Result<(), Error> {
        let mut state = self.state();
        for (number, within, place, length) in State::pieces(offset, data.len()) {
            let mut block = state.block(number)?;
            block[within..within + length].copy_from_slice(&data[place..place + length]);
            state.blocks.insert(number, block);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_stay_in_memory() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let original: Vec<u8> = (0..10_000).map(|place: usize| (place % 251) as u8).collect();
        std::fs::write(file.path(), &original).unwrap();
        let overlay = Overlay::open(file.path()).unwrap();
        let mut expected = original.clone();
        let read = |length: usize| {
            let mut out = vec![9; length];
            overlay.read(0, &mut out).map(|()| out)
        };
        assert_eq!(read(10_000).unwrap(), expected);
        assert!(read(10_001).is_err());

        overlay.write(4000, &[7; 5000]).unwrap();
        expected[4000..9000].fill(7);
        assert_eq!(read(10_000).unwrap(), expected);

        overlay.set_len(5000).unwrap();
        overlay.set_len(20_000).unwrap();
        expected[5000..].fill(0);
        expected.resize(20_000, 0);
        assert_eq!(read(20_000).unwrap(), expected);
        assert_eq!(std::fs::read(file.path()).unwrap(), original);
    }
}
