//! Servers take no more than they may. What the kernel is told and what it does are looked at, each server's own files among it.

use super::*;

const MIB: u64 = 1 << 20;

/// Control groups are the machine's: no two instances of tests have one uid.
static NEXT: AtomicU16 = AtomicU16::new(1);

fn free(fixture: &Fixture) -> Desired {
    Desired { uid: fixture.uid.clone(), ..desired() }
}

fn limited(fixture: &Fixture, cpu: Option<u64>, memory: Option<u64>) -> Desired {
    let limits = Amounts { cpu, memory: memory.map(|mebibytes| mebibytes * MIB) };
    Desired { resources: Resources { limits, ..Resources::default() }, ..free(fixture) }
}

/// None, said loudly, where this machine holds nobody.
async fn fixture() -> Option<Fixture> {
    // What lies in a temporary folder in memory (tmpfs) counts as memory in use.
    let mut fixture = Fixture::below(Path::new("/var/tmp")).await?;
    fixture.uid = format!("held-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
    let host = &fixture.local().host;
    match host.groups.lack(&host.account) {
        None => Some(fixture),
        Some(why) => skip(&format!("no server can be held here, because {why}")),
    }
}

/// What the kernel says of the group of a server, in a file of the name that each version has for it.
fn kernel(fixture: &Fixture, index: u32, one: &str, two: &str) -> String {
    let doors = fixture.local().host.groups.of(&fixture.uid, index).expect("groups").doors();
    assert!(!doors.is_empty(), "server {index} has a group");
    let files = doors.iter().flat_map(|door| [one, two].map(|name| door.with_file_name(name)));
    let text = files.into_iter().find_map(|file| std::fs::read_to_string(file).ok());
    text.unwrap_or_else(|| panic!("neither {one} nor {two}")).trim().to_owned()
}

/// Checks that a running server and all that it forked are in its group.
fn check_inside(fixture: &Fixture, index: u32) {
    let name = format!("/databases-standard/{}.{index}", fixture.uid);
    let all = process::processes(&fixture.data(index));
    assert!(all.len() > 3, "a server and its workers: {all:?}");
    for pid in all {
        let Ok(groups) = std::fs::read_to_string(format!("/proc/{pid}/cgroup")) else { continue };
        let held = groups.lines().filter(|line| line.ends_with(&name)).count();
        let hierarchies = fixture.local().host.groups.of(&fixture.uid, index).expect("groups").doors().len();
        assert_eq!(held, hierarchies, "{pid}: {groups}");
    }
}

fn is_held(fixture: &Fixture, index: u32) -> bool {
    let group = fixture.local().host.groups.of(&fixture.uid, index);
    group.is_some_and(|group| !group.doors().is_empty())
}

#[tokio::test]
async fn each_server_is_held_with_all_its_processes() {
    let Some(fixture) = fixture().await else { return };
    let wanted = Desired { instances: 2, ..limited(&fixture, Some(500), Some(512)) };
    let observed = fixture.ensure(&wanted).await;
    for index in 0..2 {
        check_inside(&fixture, index);
        assert_eq!(kernel(&fixture, index, "memory.limit_in_bytes", "memory.max"), (512 * MIB).to_string());
        let quota = kernel(&fixture, index, "cpu.cfs_quota_us", "cpu.max");
        assert_eq!(quota.split(' ').next(), Some("50000"));
    }
    let session = connect(&observed).await;
    let pid = value(&session, "SELECT pg_backend_pid()::text").await;
    let groups = std::fs::read_to_string(format!("/proc/{pid}/cgroup")).expect("a session's process");
    assert!(groups.contains(&format!("/databases-standard/{}.0", fixture.uid)), "{groups}");
    fixture.local().remove(&fixture.uid, RemovePolicy::Delete).await.expect("removed");
    assert!(!is_held(&fixture, 0), "its group goes with it");
}

#[tokio::test]
async fn the_group_of_a_server_that_took_over_goes_with_it() {
    let Some(fixture) = fixture().await else { return };
    let wanted = limited(&fixture, None, Some(512));
    let two = Desired { instances: 2, synchronous: true, ..wanted.clone() };
    fixture.ensure(&two).await;
    std::fs::rename(fixture.data(0), fixture.folder.path().join("moved")).expect("moved");
    let after = fixture.ensure(&two).await;
    assert!(after.primary.ends_with("-2"), "{}", after.primary);
    fixture.ensure(&wanted).await;
    check_inside(&fixture, 1);
    assert!(!is_held(&fixture, 0), "that of a server that is one too many is gone");
    fixture.local().remove(&fixture.uid, RemovePolicy::Delete).await.expect("removed");
    assert!(!is_held(&fixture, 1));
}

#[tokio::test]
async fn a_session_that_takes_too_much_memory_is_ended_and_nothing_is_lost() {
    let Some(fixture) = fixture().await else { return };
    let observed = fixture.ensure(&limited(&fixture, None, Some(256))).await;
    let session = connect(&observed).await;
    run(&session, "CREATE TABLE kept AS SELECT generate_series(1, 1000) AS n").await;
    let swap = std::fs::read_to_string("/proc/swaps").unwrap_or_default().lines().count() > 1;
    if swap && kernel(&fixture, 0, "memory.limit_in_bytes", "memory.swap.max") != "0" {
        skip("version 1 of control groups does not hold what a machine swaps");
        return;
    }
    session.batch_execute("SELECT length(repeat('x', 900000000))").await.expect_err("it is ended");
    eventually("the server takes sessions again", async || {
        let Ok(observed) = fixture.local().ensure(&limited(&fixture, None, Some(256))).await else {
            return false;
        };
        try_connect(&observed.read_write, &observed.credentials[0]).await.is_ok()
    })
    .await;
    let session = connect(&observed).await;
    assert_eq!(value(&session, "SELECT count(*)::text FROM kept").await, "1000");
    check_inside(&fixture, 0);
}

#[tokio::test]
async fn a_server_that_takes_too_much_of_a_processor_waits() {
    let Some(fixture) = fixture().await else { return };
    let session = connect(&fixture.ensure(&limited(&fixture, Some(100), None)).await).await;
    run(&session, "SELECT count(*) FROM generate_series(1, 1000000)").await;
    let stat = kernel(&fixture, 0, "cpu.stat", "cpu.stat");
    let throttled = stat.lines().find_map(|line| line.strip_prefix("nr_throttled "));
    assert!(throttled.is_some_and(|count| count != "0"), "{stat}");
}

#[tokio::test]
async fn limits_change_while_a_server_runs_and_go() {
    let Some(fixture) = fixture().await else { return };
    fixture.ensure(&free(&fixture)).await;
    let pid = fixture.pid(0);
    assert!(!is_held(&fixture, 0), "nobody asked for it");
    let memory = |fixture: &Fixture| kernel(fixture, 0, "memory.limit_in_bytes", "memory.max");
    for mebibytes in [1024, 512] {
        fixture.ensure(&limited(&fixture, Some(1000), Some(mebibytes))).await;
        check_inside(&fixture, 0);
        assert_eq!(memory(&fixture), (mebibytes * MIB).to_string());
    }
    fixture.ensure(&free(&fixture)).await;
    assert_ne!(memory(&fixture), (512 * MIB).to_string(), "it is held no more");
    assert_eq!(fixture.pid(0), pid, "all of that without a restart");
}

#[tokio::test]
async fn a_server_with_more_in_use_than_it_may_have_is_started_with_less() {
    let Some(fixture) = fixture().await else { return };
    let roomy = Desired {
        parameters: BTreeMap::from([("shared_buffers".to_owned(), "512MB".to_owned())]),
        ..limited(&fixture, None, Some(1024))
    };
    let observed = fixture.ensure(&roomy).await;
    let session = connect(&observed).await;
    run(
        &session,
        "CREATE TABLE kept AS SELECT n, repeat('x', 900) AS x FROM generate_series(1, 400000) AS n",
    )
    .await;
    run(&session, "SELECT count(*) FROM kept").await;
    let (pid, less) = (fixture.pid(0), limited(&fixture, None, Some(256)));
    let plan = fixture.local().plan(&less).await.expect("a plan");
    assert!(
        plan.changes.iter().any(|change| change.fields.contains(&"spec.resources".to_owned())),
        "{plan:?}"
    );
    let observed = fixture.ensure(&less).await;
    assert_ne!(fixture.pid(0), pid);
    check_inside(&fixture, 0);
    assert_eq!(value(&connect(&observed).await, "SELECT count(*)::text FROM kept").await, "400000");
}

#[tokio::test]
async fn what_cannot_be_held_is_refused_by_name_and_what_is_there_runs_on() {
    let Some(mut fixture) = Fixture::new().await else { return };
    fixture.options.control_groups = fixture.folder.path().join("nothing");
    fixture.reopen().await;
    fixture.ensure(&free(&fixture)).await;
    let pid = fixture.pid(0);
    let requests = |cpu, memory| Desired {
        resources: Resources { requests: Amounts { cpu, memory }, ..Resources::default() },
        ..free(&fixture)
    };
    fixture.ensure(&requests(Some(100), Some(MIB))).await;
    let mut huge = free(&fixture);
    huge.resources.others = vec!["hugepages-2Mi".to_owned()];
    let refusals = [
        (limited(&fixture, Some(500), None), "limits cannot be held here, because"),
        (limited(&fixture, Some(10), None), "limits.cpu is 10m"),
        (limited(&fixture, None, Some(64)), "limits.memory is less than 256Mi"),
        (requests(Some(u64::MAX), None), "processors of this machine"),
        (requests(None, Some(u64::MAX)), "of this machine: ask for less"),
        (huge, "names hugepages-2Mi"),
    ];
    for (wish, words) in refusals {
        let refused = fixture.local().ensure(&wish).await.expect_err("refused");
        assert!(refused.is_refusal() && refused.to_string().contains(words), "{refused}");
        assert!(refused.to_string().starts_with("spec.resources"), "{refused}");
        assert_eq!(fixture.pid(0), pid);
    }
}
