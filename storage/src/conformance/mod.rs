//! One suite that every engine passes: an executable check for each guarantee of the contract.
//!
//! A check works in a part of the key space that nobody used before, so the suite can run on a store that
//! holds other things. It compacts the store, however: do not run it on one whose history is needed.

mod compaction;
mod durability;
mod history;
mod random;
mod reads;
mod room;
mod watches;
mod writes;

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use futures_util::future::BoxFuture;

pub use self::room::{Fault, Room};

use crate::{Error, Storage};

/// Opens a store.
pub type Open<'a> = Box<dyn Fn() -> BoxFuture<'a, Result<Arc<dyn Storage>, Error>> + Send + Sync + 'a>;

/// The engine under test.
pub struct Subject<'a> {
    /// Opens the store. Every call opens the same one; it is called again only after what it gave is dropped.
    pub open: Open<'a>,
    /// Whether the store is still there when it is opened again.
    pub durable: bool,
}

/// What became of one check.
#[derive(Debug)]
pub struct Outcome {
    /// The check's name.
    pub check: &'static str,
    /// Why it failed.
    pub result: Result<(), Fault>,
}

/// Numbers the rooms of this process.
static ROOMS: AtomicU64 = AtomicU64::new(0);

/// Makes of the table of checks the functions that list and run them.
macro_rules! checks {
    ($($(#[$meta:meta])* $module:ident::$check:ident),+ $(,)?) => {
        /// The names of the checks, in the order in which they run.
        pub const CHECKS: &[&str] = &[$(stringify!($check)),+];

        /// Runs every check and tells what became of each.
        ///
        /// # Errors
        /// When the store cannot be opened.
        pub async fn run(subject: &Subject<'_>) -> Result<Vec<Outcome>, Error> {
            let mut outcomes = Vec::new();
            $({
                let store = (subject.open)().await?;
                let room = Room::new(store, stringify!($check), &ROOMS);
                let result = $module::$check(room).await;
                outcomes.push(Outcome { check: stringify!($check), result });
            })+
            let result = durability::durable(subject).await;
            outcomes.push(Outcome { check: "durable", result });
            Ok(outcomes)
        }
    };
}

checks! {
    // Atomic
    writes::create_puts_only_where_nothing_is,
    writes::update_replaces_only_what_was_seen,
    writes::delete_removes_only_what_was_seen,
    writes::one_of_many_creators_wins,
    writes::concurrent_increments_are_all_counted,
    writes::values_of_any_size,
    writes::keys_that_could_name_another_are_refused,
    // Linearizable
    reads::linearizable,
    reads::exact_reads_see_the_past,
    reads::the_future_is_refused,
    reads::pages_are_one_state,
    reads::prefixes_are_apart,
    // Ordered, Unique, Reliable
    watches::events_tell_what_happened,
    watches::ordered_unique_reliable,
    history::concurrent_history_is_linearizable,
    // Resumable, Bookmarkable
    watches::resumable,
    watches::resumable_far_behind,
    watches::bookmarkable,
    // Compaction
    compaction::keeps_what_can_be_read,
    compaction::forgets_the_past,
    compaction::ends_watches_that_need_the_past,
    compaction::the_future_is_refused_too,
}
