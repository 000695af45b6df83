//! What this machine has for a server, and with how little one does: said of the class before anybody asks, and held to.

use super::LocalPostgres;
use super::account::Account;
use super::desired::{Amounts, Resources};
use super::error::Error;
use super::hold::Groups;
use super::validation::refuse;
use crate::backend::OfferedResource;
use apimachinery::quantity::Quantity;
use nix::sys::statvfs::statvfs;

/// The least of a processor, in thousandths, that a server starts with before it is given up; the least memory that holds what its
/// processes share, and themselves.
const LEAST_CPU: u64 = 50;
const LEAST_MEMORY: u64 = 256 << 20;
/// The size of a disk is told in these: some file systems change theirs a little all the time.
const GIB: u64 = 1 << 30;

impl LocalPostgres {
    /// What a server can have of processors and memory. A machine that does not say how much it has bounds nothing.
    pub fn resources(&self) -> Vec<OfferedResource> {
        let no_limits = self.host.groups.barred(&self.host.account).unwrap_or_default();
        let amount = |text: String| text.parse().ok();
        let offered = |name: &str, min_limit: Option<Quantity>, max_request| OfferedResource {
            name: name.to_owned(),
            min_limit,
            max_request,
            no_limits: no_limits.clone(),
        };
        vec![
            offered(
                "cpu",
                amount(format!("{LEAST_CPU}m")),
                processors().and_then(|count| amount(count.to_string())),
            ),
            offered("memory", Some(Quantity::from_bytes(LEAST_MEMORY)), memory().map(Quantity::from_bytes)),
        ]
    }

    /// How many bytes the disk has that the data lies on, used or not, rounded up.
    pub fn disk(&self) -> Option<u64> {
        let disk = statvfs(&self.host.layout.instances()).ok()?;
        let bytes = disk.blocks().checked_mul(disk.fragment_size())?;
        bytes.checked_next_multiple_of(GIB)
    }
}

/// Refuses what this machine cannot give a server, or cannot hold it to.
pub(super) fn check(wanted: &Resources, groups: &Groups, account: &Account) -> Result<(), Error> {
    let field = "spec.resources";
    if let Some(other) = wanted.others.first() {
        return refuse(format!(
            "{field} names {other}, and servers get cpu and memory alone here: leave it out"
        ));
    }
    let (limits, requests) = (&wanted.limits, &wanted.requests);
    if let Some(cpu) = limits.cpu.filter(|cpu| *cpu < LEAST_CPU) {
        return refuse(format!(
            "{field}.limits.cpu is {cpu}m, and PostgreSQL does not start in time with less than {LEAST_CPU}m"
        ));
    }
    if limits.memory.is_some_and(|memory| memory < LEAST_MEMORY) {
        return refuse(format!(
            "{field}.limits.memory is less than 256Mi, and PostgreSQL shares 128Mi among its processes: ask for more"
        ));
    }
    if let Some(count) = processors().filter(|count| requests.cpu.is_some_and(|cpu| cpu > count * 1000)) {
        return refuse(format!(
            "{field}.requests.cpu is more than the {count} processors of this machine: ask for less"
        ));
    }
    if let Some(memory) = memory().filter(|memory| requests.memory.is_some_and(|request| request > *memory)) {
        let memory = memory >> 20;
        return refuse(format!(
            "{field}.requests.memory is more than the {memory}Mi of this machine: ask for less"
        ));
    }
    if *limits == Amounts::default() {
        return Ok(());
    }
    match groups.lack(account) {
        None => Ok(()),
        Some(why) => refuse(format!("{field}.limits cannot be held here, because {why}: leave them out")),
    }
}

/// How many processors this machine has.
fn processors() -> Option<u64> {
    std::thread::available_parallelism().ok().map(|count| count.get() as u64)
}

/// How many bytes of memory this machine has (proc_meminfo(5)).
fn memory() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let total = text.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kilobytes: u64 = total.trim().strip_suffix(" kB")?.parse().ok()?;
    kilobytes.checked_mul(1024)
}
