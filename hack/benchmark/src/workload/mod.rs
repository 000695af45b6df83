//! What is measured, one file each.

mod create;
mod get;
mod list;
mod start;
mod watch;

use crate::error::Error;
use crate::lab::Lab;
use crate::options::Options;
use crate::peer::Peer;
use crate::sample::Sample;

/// A kind of work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Workload {
    /// Reads of one object each, 64 at once.
    Get,
    /// One read after the other.
    GetAlone,
    /// New objects, 32 at once.
    Create,
    /// All objects in one answer.
    List,
    /// A hundred watchers of the same changes.
    Watch100,
    /// A thousand watchers of the same changes.
    Watch1000,
    /// From nothing to ready, with all objects.
    Start,
}

/// Every workload, in the order they are measured.
pub const ALL: &[Workload] = &[
    Workload::Get,
    Workload::GetAlone,
    Workload::Create,
    Workload::List,
    Workload::Watch100,
    Workload::Watch1000,
    Workload::Start,
];

impl Workload {
    /// As the report names it.
    pub fn title(self) -> &'static str {
        match self {
            Workload::Get => "get c=64",
            Workload::GetAlone => "get c=1",
            Workload::Create => "create c=32",
            Workload::List => "list",
            Workload::Watch100 => "watch, 100 watchers",
            Workload::Watch1000 => "watch, 1,000 watchers",
            Workload::Start => "cold start",
        }
    }

    /// What one operation is.
    pub fn operation(self) -> &'static str {
        match self {
            Workload::Get | Workload::GetAlone => "GET without a resourceVersion",
            Workload::Create => "POST of a new object",
            Workload::List => "list of all objects",
            Workload::Watch100 | Workload::Watch1000 => "event delivered to one watcher",
            Workload::Start => "start, until /readyz says ok",
        }
    }

    /// Who does this work.
    pub fn peers(self) -> &'static [Peer] {
        match self {
            Workload::Watch100 | Workload::Watch1000 => &[Peer::RawHyper, Peer::Redb, Peer::Etcd],
            Workload::Start => &[Peer::RawEtcd, Peer::Redb, Peer::Etcd],
            _ => &[Peer::RawHyper, Peer::RawEtcd, Peer::Redb, Peer::Etcd],
        }
    }

    /// Whether the options ask for it.
    pub fn is_chosen(self, options: &Options) -> bool {
        options.only.as_deref().is_none_or(|only| self.title().contains(only))
    }

    /// Measures one cell.
    pub async fn measure(self, lab: &Lab, peer: Peer) -> Result<Sample, Error> {
        match self {
            Workload::Get => get::measure(lab, peer, 64).await,
            Workload::GetAlone => get::measure(lab, peer, 1).await,
            Workload::Create => create::measure(lab, peer).await,
            Workload::List => list::measure(lab, peer).await,
            Workload::Watch100 => watch::measure(lab, peer, 100).await,
            Workload::Watch1000 => watch::measure(lab, peer, 1000).await,
            Workload::Start => start::measure(lab, peer).await,
        }
    }
}
