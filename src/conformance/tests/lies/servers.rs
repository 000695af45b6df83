//! Objects and their life, replicas, stopping, restarting, ports and storage.

use crate::backend::Phase;
use databases_api::shared::{RESTARTED_AT, State};

fn is_stopped(object: &PostgreSQL) -> bool {
    object.spec.instance.state == Some(State::Stopped)
}

fn wished_port(object: &PostgreSQL) -> Option<u16> {
    object.spec.instance.network.as_ref()?.port.and_then(|port| u16::try_from(port).ok())
}

super::lies! {
    "has-one-server-for-all" by DatabasesAreApart:
        wish = |object, _| object.metadata.uid = "0d5bd3a8-66e2-4b55-8d8b-0c9f6a3b1f11".into();
    "restarts-for-a-label" by LabelsDisturbNothing:
        wish = |object, _| {
            let labels = format!("{:?}", object.metadata.labels);
            object.metadata.annotations.insert(RESTARTED_AT.into(), labels);
        };
    "tells-more-instances" by ConditionsAreComplete:
        told = |observed, _| (observed.instances, observed.ready_instances) = (2, 2);
    "deletes-nothing" by DeleteRemoves: act = Act::RemovesNothing;
    "backs-up-nothing" by SnapshotBacksUpFirst:
        offer = snapshots, act = Act::BacksUp(Backup::nothing, false);
    "backs-up-nowhere" by SnapshotBacksUpFirst:
        offer = snapshots, act = Act::BacksUp(|| nowhere(BackupPhase::Succeeded), false);
    "deletes-before-it-backs-up" by SnapshotBacksUpFirst:
        offer = snapshots, act = Act::BacksUp(|| nowhere(BackupPhase::Running), true);
    "copies-nothing" by CopiesHaveTheData: offer = clones;
    "copies-by-sharing" by CopiesHaveTheData:
        offer = clones, wish = |object, _| object.metadata.uid = "5d0a3c51-7f0e-4a07-9d38-3f8f3c8a2b60".into();
    "has-no-replicas" by ReplicasFollow:
        wish = |object, _| object.spec.instance.instances = None, told = all_ready;
    "keeps-replicas" by ReplicasFollow:
        wish = |object, first| object.spec.instance.instances = first.spec.instance.instances, told = all_ready;
    "has-no-replica-to-read" by ReadOnlyEndpointReads:
        wish = |object, _| object.spec.instance.instances = None,
        told = |observed, object| {
            all_ready(observed, object);
            read_only(observed, Some(Role::ReadWrite));
        };
    "reads-at-the-primary" by ReadOnlyEndpointReads:
        told = |observed, _| read_only(observed, Some(Role::ReadWrite));
    "tells-no-read-only-endpoint" by ReadOnlyEndpointReads: told = |observed, _| read_only(observed, None);
    "waits-for-no-replica" by CommitsWaitForAReplica: wish = |object, _| object.spec.replication = None;
    "commits-without-waiting" by CommitsWaitForAReplica:
        wish = |object, _| drop(parameters(object).insert("synchronous_commit".into(), "local".into()));
    "does-not-stop" by StopKeepsRows:
        wish = |object, _| object.spec.instance.state = None,
        told = |observed, object| if is_stopped(object) {
            (observed.phase, observed.ready_instances) = (Phase::Stopped, 0);
        };
    "loses-rows-when-stopped" by StopKeepsRows:
        act = Act::MakesAnew(|object| format!("{:?}", object.spec.instance.state));
    "does-not-start-again" by ScaleToZeroStops:
        wish = |object, _| if object.metadata.generation > 1 { object.spec.instance.state = Some(State::Stopped) },
        told = |observed, object| if !is_stopped(object) {
            observed.phase = Phase::Available;
            all_ready(observed, object);
        };
    "does-not-restart" by RestartRestarts: wish = |object, _| object.metadata.annotations.clear();
    "loses-rows-when-restarted" by RestartRestarts:
        act = Act::MakesAnew(|object| format!("{:?}", object.metadata.annotations.get(RESTARTED_AT)));
    "has-another-port" by ThePortIsAsAsked: wish = |object, _| object.spec.instance.network = None;
    "pretends-the-port" by ThePortIsAsAsked:
        wish = |object, _| object.spec.instance.network = None,
        told = |observed, object| moved(observed, "127.0.0.1", wished_port(object).unwrap_or(1));
    "loses-rows-when-it-grows" by StorageGrows:
        act = Act::MakesAnew(|object| format!("{:?}", object.spec.instance.storage.size));
}
