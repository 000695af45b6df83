//! Databases that no object has any more, though no removal ended them.

use super::error::Error;
use super::kept::{Kept, seen};
use super::state::State;
use super::{LocalPostgres, RemovePolicy, process};

impl LocalPostgres {
    /// The uids of everything that is here and not kept, whether its state can be read or not.
    pub fn in_use(&self) -> Result<Vec<String>, Error> {
        let layout = &self.host.layout;
        let mut uids = layout.folders()?;
        uids.retain(|uid| !State::read(&layout.instance(uid).state()).is_ok_and(|state| state.retained));
        Ok(uids)
    }

    /// Stops an instance whose object is gone, and keeps all of it. What it was, where it was in use; what cannot be read is
    /// stopped, and left as it is.
    pub async fn orphan(&self, uid: &str) -> Result<Option<Kept>, Error> {
        let folder = self.host.layout.instance(uid);
        match State::read(&folder.state()) {
            Ok(state) if state.retained => Ok(None),
            Ok(state) => {
                self.remove(uid, RemovePolicy::Orphan).await?;
                Ok(Some(seen(uid, &folder, &state)))
            }
            Err(_) if process::started_below(&folder.path).is_empty() => Ok(None),
            Err(_) => self.remove(uid, RemovePolicy::Orphan).await.map(|()| None),
        }
    }
}
