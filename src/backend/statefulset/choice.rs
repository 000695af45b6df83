//! Which pod is the primary: a decision of what is seen, and of what is recorded.
//!
//! The record is the holder of a Lease: the uid of the one pod that may be told to take writes. Two pods never are primaries:
//!
//! 1. Every start of PostgreSQL is the start of a standby. It becomes the primary by a call of `pg_promote` alone.
//! 2. That call is made to the pod in the record alone, and says its uid: a server of another pod does not heed it.
//! 3. The record goes from one pod to another only when the first is gone from the API. Kubernetes has a pod of a StatefulSet be
//!    gone only once its kubelet says that nothing of it runs, or a person who forces it says so (by deleting it without grace,
//!    or its node, or by the taint `node.kubernetes.io/out-of-service`). A pod on a node that cannot be reached is still there.
//! 4. The record is changed only as it was read (by its resourceVersion). Of two servers of ours that both decide, one loses.
//!
//! So whoever is slow, cut off or started anew tells a pod only what the record says, or one that is gone.

use super::REPLICA;
use super::lease::Record;
use super::pods::Pod;
use super::server::Facts;
use jiff::{SignedDuration, Timestamp};

/// So long a pod may take to come back before one goes on that may have less.
pub(super) const PATIENCE: SignedDuration = SignedDuration::from_secs(60);

/// A pod, and what its server says; none where it does not answer.
pub(super) struct Server {
    pub(super) pod: Pod,
    pub(super) facts: Option<Facts>,
}

impl Server {
    /// What it says, where it takes writes.
    pub(super) fn primary(&self) -> Option<&Facts> {
        self.facts.as_ref().filter(|facts| !facts.in_recovery)
    }

    fn standby(&self) -> Option<&Facts> {
        self.facts.as_ref().filter(|facts| facts.in_recovery)
    }
}

/// What is known when it is decided.
pub(super) struct Scene<'a> {
    pub(super) record: &'a Record,
    pub(super) servers: &'a [Server],
    /// Whether there was never a database: the first server makes one.
    pub(super) is_first: bool,
    /// How many there are to be.
    pub(super) wanted: usize,
    /// Whether what a client was told is written has to be on two servers.
    pub(super) synchronous: bool,
    pub(super) now: Timestamp,
}

/// What is decided.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Choice<'a> {
    /// The pod in the record stays, whatever it does.
    Stays(&'a str),
    /// This pod goes into the record.
    Takes(&'a str),
    /// Nobody, for now; why.
    Nobody(String),
}

/// Decides, by the uid of a pod.
pub(super) fn choose<'a>(scene: &Scene<'a>) -> Choice<'a> {
    let Scene { record, servers, .. } = scene;
    if record.uid.is_empty() {
        if let Some(decided) = unrecorded(scene) {
            return decided;
        }
    } else if let Some(holder) = servers.iter().find(|server| server.pod.uid == record.uid) {
        return Choice::Stays(&holder.pod.uid);
    }
    let able: Vec<&Server> = servers
        .iter()
        .filter(|server| !server.pod.is_ending && server.pod.ordinal < scene.wanted)
        .filter(|server| server.standby().is_some_and(|facts| record.is_of(&facts.system)))
        .collect();
    if !record.successor.is_empty() {
        return succeeds(record, &able);
    }
    let Some(best) = able.iter().max_by_key(|server| server.standby().map(Facts::progress)) else {
        let is_of_another = |facts: &Facts| !record.is_of(&facts.system);
        let other = servers.iter().find(|server| server.standby().is_some_and(is_of_another));
        return Choice::Nobody(match other {
            Some(server) => format!("the data of pod {} is not that of this database", server.pod.name),
            None => "no server answers".to_owned(),
        });
    };
    match waits_for(scene, &able) {
        Some(why) => Choice::Nobody(why),
        None => Choice::Takes(&best.pod.uid),
    }
}

/// The primary was ended for another one to take over. That one has every commit that was acknowledged, and so has the one that
/// was ended; of the others that is not known.
fn succeeds<'a>(record: &Record, able: &[&'a Server]) -> Choice<'a> {
    let named = |name: &str| able.iter().find(|server| server.pod.name == name);
    match named(&record.successor).or_else(|| named(&record.pod)) {
        Some(server) => Choice::Takes(&server.pod.uid),
        None => Choice::Nobody(format!("pod {}, which takes over, is waited for", record.successor)),
    }
}

/// There was never a primary, or somebody deleted the record. Who takes writes goes into it; it is nobody only where all
/// say so. None where that is the case.
fn unrecorded<'a>(scene: &Scene<'a>) -> Option<Choice<'a>> {
    let primaries: Vec<&Server> = scene.servers.iter().filter(|server| server.primary().is_some()).collect();
    let silent = scene.servers.iter().find(|server| server.facts.is_none());
    match (primaries.as_slice(), silent) {
        ([only], _) => Some(Choice::Takes(&only.pod.uid)),
        ([], Some(silent)) if !scene.is_first => {
            let name = &silent.pod.name;
            Some(Choice::Nobody(format!(
                "pod {name} does not answer, and who the primary was is not recorded"
            )))
        }
        ([], _) => None,
        _ => Some(Choice::Nobody("several servers take writes, and which one should is not recorded".into())),
    }
}

/// Why the best of those who could is not taken yet: another one may have more.
fn waits_for(scene: &Scene<'_>, able: &[&Server]) -> Option<String> {
    let before = &scene.record.pod;
    let has_come_back = able.iter().any(|server| server.pod.name == *before);
    if before.is_empty() || has_come_back || able.len() >= scene.wanted {
        return None;
    }
    // What a client was told is written is on the primary and, where that is asked for, on one of the others.
    let needed = if scene.synchronous { scene.wanted.saturating_sub(1) } else { 1 };
    if able.iter().filter(|server| server.pod.role == REPLICA).count() >= needed {
        return None;
    }
    let is_late = |server: &Server| {
        server.pod.created.is_some_and(|created| scene.now.duration_since(created) >= PATIENCE)
    };
    let is_over = scene.servers.len() >= scene.wanted
        && scene.servers.iter().all(|server| server.standby().is_some() || is_late(server));
    if is_over && !scene.synchronous {
        return None;
    }
    Some(format!("pod {before}, which was the primary, is waited for: the others may have less"))
}
