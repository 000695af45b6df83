//! What this machine has for a server, and with how little one does: said of the class before anybody asks, and held to.

use super::LocalPostgres;
use super::account::Account;
use super::desired::{Amounts, Desired, Resources};
use super::error::Error;
use super::hold::Groups;
use super::parameters::{invalid, told};
use super::validation::refuse;
use crate::backend::OfferedResource;
use apimachinery::quantity::Quantity;
use nix::sys::statvfs::statvfs;

/// The least of a processor, in thousandths, that a server starts with before it is given up; the least memory that holds what its
/// processes share, and themselves.
const LEAST_CPU: u64 = 50;
const LEAST_MEMORY: u64 = 256 << 20;
/// What the processes of a server share grows with these.
const SHARED: [&str; 23] = [
    "autovacuum_max_workers",
    "autovacuum_worker_slots",
    "commit_timestamp_buffers",
    "io_max_concurrency",
    "max_connections",
    "max_locks_per_transaction",
    "max_pred_locks_per_transaction",
    "max_prepared_transactions",
    "max_replication_slots",
    "max_wal_senders",
    "max_worker_processes",
    "min_dynamic_shared_memory",
    "multixact_member_buffers",
    "multixact_offset_buffers",
    "notify_buffers",
    "pg_stat_statements.max",
    "serializable_buffers",
    "shared_buffers",
    "shared_preload_libraries",
    "subtransaction_buffers",
    "track_activity_query_size",
    "transaction_buffers",
    "wal_buffers",
];
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

/// Refuses parameters with which the processes of a server share as much memory as it can have, or more: it takes that at its
/// start, and is killed for it, or another program of this machine is.
pub(super) fn check_shared(megabytes: u64, desired: &Desired) -> Result<(), Error> {
    let (wanted, limit) = (&desired.parameters, desired.resources.limits.memory);
    let (most, whose, or) = match (limit, memory()) {
        (Some(limit), all) if all.is_none_or(|all| limit < all) => {
            (limit, "spec.resources.limits.memory is", ", or raise the limit")
        }
        (_, Some(all)) => (all, "this machine has", ""),
        (_, None) => return Ok(()),
    };
    if megabytes.saturating_mul(1 << 20) < most {
        return Ok(());
    }
    let known = wanted.iter().filter(|(name, _)| SHARED.contains(&name.as_str()));
    let counted = match told(known) {
        none if none.is_empty() => told(wanted),
        some => some,
    };
    Err(invalid(format!(
        "PostgreSQL would take {megabytes}Mi of memory for what its processes share, and {whose} {}Mi; what counts for it: {counted}. \
         Ask for less{or}",
        most >> 20
    )))
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

#[cfg(test)]
mod tests {
    use super::super::tests::with_parameters;
    use super::*;

    #[test]
    fn shared_memory_stays_below_the_limit_or_the_machine_s_own() {
        let mut wanted = with_parameters(&[("max_locks_per_transaction", "200000"), ("work_mem", "8MB")]);
        assert!(check_shared(143, &wanted).is_ok() && check_shared(511, &wanted).is_ok());
        let of_machine = check_shared(97_095_820, &wanted).expect_err("95 TB").to_string();
        wanted.resources.limits.memory = Some(512 << 20);
        assert!(check_shared(511, &wanted).is_ok());
        let of_limit = check_shared(512, &wanted).expect_err("all of it");
        assert_eq!((of_limit.reason(), of_limit.is_permanent()), ("InvalidParameters", true));
        for (said, whose) in [(of_machine, "97095820Mi"), (of_limit.to_string(), "limits.memory is 512Mi")] {
            assert!(said.contains(whose) && said.contains("max_locks_per_transaction=200000"), "{said}");
            assert!(!said.contains("work_mem"), "{said}");
        }
        assert!(check_shared(u64::MAX, &wanted).is_err());
    }
}
