//! Who becomes the primary, and when nobody does.

use crate::backend::statefulset::REPLICA;
use crate::backend::statefulset::choice::{Choice, Scene, Server, choose};
use crate::backend::statefulset::lease::Record;
use crate::backend::statefulset::pods::Pod;
use crate::backend::statefulset::server::Facts;
use jiff::{SignedDuration, Timestamp};

const NOW: Timestamp = Timestamp::UNIX_EPOCH;

/// A standby of the database `1`, whose name is that of its place, and its uid that of the letter.
fn standby(ordinal: usize, uid: &str, position: u128) -> Server {
    let pod = Pod {
        name: format!("shop-{ordinal}"),
        uid: uid.into(),
        ordinal,
        created: Some(NOW),
        ..Pod::default()
    };
    let facts = Facts { in_recovery: true, system: "1".into(), position, ..Facts::default() };
    Server { pod, facts: Some(facts) }
}

fn silent(ordinal: usize, uid: &str) -> Server {
    Server { facts: None, ..standby(ordinal, uid, 0) }
}

fn primary(ordinal: usize, uid: &str) -> Server {
    let mut server = standby(ordinal, uid, 0);
    if let Some(facts) = &mut server.facts {
        facts.in_recovery = false;
    }
    server
}

fn following(mut server: Server) -> Server {
    server.pod.role = REPLICA.into();
    server
}

fn record(pod: &str, uid: &str) -> Record {
    Record { pod: pod.into(), uid: uid.into(), system: "1".into(), ..Record::default() }
}

fn scene<'a>(record: &'a Record, servers: &'a [Server]) -> Scene<'a> {
    Scene { record, servers, is_first: false, wanted: servers.len(), synchronous: false, now: NOW }
}

/// The uid of who takes it over, nothing where it stays, or why nobody does.
fn decided(scene: &Scene<'_>) -> String {
    match choose(scene) {
        Choice::Takes(uid) => uid.to_owned(),
        Choice::Stays(_) => String::new(),
        Choice::Nobody(why) => why,
    }
}

#[test]
fn who_is_the_primary_stays_it_as_long_as_its_pod_is_there() {
    let record = record("shop-0", "a");
    for gone in [silent(0, "a"), standby(0, "a", 1), primary(0, "a")] {
        let servers = [gone, following(standby(1, "b", 9))];
        assert_eq!(choose(&scene(&record, &servers)), Choice::Stays("a"));
    }
}

#[test]
fn whoever_followed_takes_over_at_once_and_the_one_with_the_most_of_them() {
    let record = record("shop-0", "a");
    let servers = [silent(0, "new"), following(standby(1, "b", 5)), following(standby(2, "c", 7))];
    assert_eq!(decided(&scene(&record, &servers)), "c");
    let mut later = standby(1, "b", 5);
    later.facts.as_mut().unwrap().timeline = "00000002".into();
    let servers = [silent(0, "new"), following(later), following(standby(2, "c", 7))];
    assert_eq!(decided(&scene(&record, &servers)), "b", "a later timeline is more");
}

#[test]
fn after_all_were_down_the_last_primary_is_waited_for() {
    let record = record("shop-1", "a");
    let servers = [standby(0, "x", 5), silent(1, "y"), silent(2, "z")];
    let waits = decided(&scene(&record, &servers));
    assert!(waits.contains("pod shop-1"), "{waits}");
    let servers = [standby(0, "x", 5), standby(1, "y", 6), silent(2, "z")];
    assert_eq!(decided(&scene(&record, &servers)), "y");
    let servers = [standby(0, "x", 5), silent(1, "y"), silent(2, "z")];
    let late = Scene { now: NOW + SignedDuration::from_secs(60), ..scene(&record, &servers) };
    assert_eq!(decided(&late), "x", "but not for ever");
    let synchronous = Scene { synchronous: true, ..late };
    assert!(
        decided(&synchronous).contains("waited for"),
        "what was promised to be on two servers may be missing here"
    );
}

#[test]
fn what_is_written_on_two_servers_is_not_lost_with_one() {
    let record = record("shop-0", "a");
    let synchronous = |servers: &[Server]| decided(&Scene { synchronous: true, ..scene(&record, servers) });
    let one = [silent(0, "x"), following(standby(1, "b", 5)), silent(2, "c")];
    assert!(synchronous(&one).contains("waited for"));
    let all = [silent(0, "x"), following(standby(1, "b", 5)), following(standby(2, "c", 7))];
    assert_eq!(synchronous(&all), "c");
}

#[test]
fn a_lost_record_is_made_from_who_takes_writes_or_from_all() {
    let lost = Record::default();
    let both = [standby(0, "a", 1), primary(1, "b")];
    assert_eq!(decided(&scene(&lost, &both)), "b");
    let two = [primary(0, "a"), primary(1, "b")];
    assert!(decided(&scene(&lost, &two)).contains("several"));
    let quiet = [standby(0, "a", 1), silent(1, "b")];
    assert!(decided(&scene(&lost, &quiet)).contains("shop-1"), "it may be the primary");
    let all = [standby(0, "a", 1), standby(1, "b", 2)];
    assert_eq!(decided(&scene(&lost, &all)), "b");
    let first = Scene { is_first: true, ..scene(&lost, &quiet) };
    assert_eq!(decided(&first), "a", "nothing was ever there");
}

#[test]
fn data_of_another_database_is_never_served() {
    let record = record("shop-0", "a");
    let mut other = standby(0, "x", 9);
    other.facts.as_mut().unwrap().system = "2".into();
    let said = decided(&scene(&record, &[other]));
    assert!(said.contains("shop-0") && said.contains("not that of this database"), "{said}");
}

#[test]
fn who_is_going_or_is_one_too_many_takes_nothing_over() {
    let record = record("shop-0", "a");
    let (mut going, extra) = (following(standby(1, "b", 9)), following(standby(2, "c", 9)));
    going.pod.is_ending = true;
    let servers = [following(standby(0, "x", 1)), going, extra];
    assert_eq!(decided(&Scene { wanted: 2, ..scene(&record, &servers) }), "x");
}

#[test]
fn who_was_ended_for_another_is_followed_by_that_one_or_by_itself() {
    let handed = Record { successor: "shop-0".into(), ..record("shop-2", "a") };
    let others = [following(standby(0, "x", 5)), following(standby(1, "y", 7))];
    assert_eq!(decided(&scene(&handed, &others)), "x", "the other one may lack what was acknowledged");
    let without = [silent(0, "x"), following(standby(1, "y", 7))];
    assert!(decided(&scene(&handed, &without)).contains("shop-0, which takes over, is waited for"));
    let back = [silent(0, "x"), following(standby(1, "y", 7)), standby(2, "b", 9)];
    assert_eq!(decided(&scene(&handed, &back)), "b");
}
