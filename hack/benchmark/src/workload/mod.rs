//! What is measured, one file each.

mod apply;
mod create;
mod get;
mod list;
mod watch;

use crate::cell::Cell;
use crate::error::Error;
use crate::peer::Peer;
use crate::sample::Sample;
use crate::service::Service;

/// A kind of work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Workload {
    /// Reads of one object each, 64 at once.
    Get,
    /// One read after the other.
    GetAlone,
    /// New objects, 32 at once.
    Create,
    /// Applied changes, 32 at once.
    Apply,
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
    Workload::Apply,
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
            Workload::Apply => "apply c=32",
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
            Workload::Apply => "server-side apply of a whole object with one label changed",
            Workload::List => "list of all objects",
            Workload::Watch100 | Workload::Watch1000 => "event delivered to one watcher",
            Workload::Start => "start, until /readyz says ok",
        }
    }

    /// Who does this work, in the order they are measured.
    pub fn peers(self) -> &'static [Peer] {
        use Peer::*;
        match self {
            Workload::GetAlone => &[RawHyper, RawEtcd, Redb, Etcd],
            Workload::Watch100 => &[RawHyper, Redb, Etcd],
            Workload::Watch1000 => {
                &[RawHyper, Redb, Etcd, Ours, Sample, ProxiedRaw, ProxiedOurs, ProxiedSample, Custom]
            }
            Workload::Start => &[RawEtcd, Redb, Etcd],
            Workload::Get | Workload::Create | Workload::Apply | Workload::List => {
                &[RawHyper, RawEtcd, Redb, Etcd, Ours, Sample, ProxiedRaw, ProxiedOurs, ProxiedSample, Custom]
            }
        }
    }

    /// How many work, or watch, at once.
    pub fn concurrency(self) -> usize {
        match self {
            Workload::Get => 64,
            Workload::Create | Workload::Apply => 32,
            Workload::Watch100 => 100,
            Workload::Watch1000 => 1000,
            Workload::GetAlone | Workload::List | Workload::Start => 1,
        }
    }

    /// Measures one cell of requests to somebody.
    pub async fn measure(self, cell: &Cell, service: &Service) -> Result<Sample, Error> {
        match self {
            Workload::Get | Workload::GetAlone => get::measure(cell, service, self.concurrency()).await,
            Workload::Create => create::measure(cell, service, self.concurrency()).await,
            Workload::Apply => apply::measure(cell, service, self.concurrency()).await,
            Workload::List => list::measure(cell, service).await,
            Workload::Watch100 | Workload::Watch1000 => {
                watch::measure(cell, service, self.concurrency()).await
            }
            Workload::Start => Err(Error::Wrong("a start is not a request".into())),
        }
    }
}
