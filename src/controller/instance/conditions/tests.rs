//! What objects say in every state, and what kstatus makes of it.

use super::*;
use crate::backend::{Endpoint, Login, Role};
use apimachinery::kind::Kind;
use databases_api::postgresql::PostgreSQL;
use databases_api::postgresql::V1alpha1;

/// kstatus for a kind that it does not know, by its published rules.
fn kstatus(object: &PostgreSQL) -> &'static str {
    let status = &object.status;
    if object.metadata.deletion_timestamp.is_some() {
        return "Terminating";
    }
    if status.instance.observed_generation != 0
        && status.instance.observed_generation != object.metadata.generation
    {
        return "InProgress";
    }
    for condition in &status.instance.conditions {
        match (condition.kind.as_str(), &condition.status) {
            ("Reconciling", ConditionStatus::True) => return "InProgress",
            ("Stalled", ConditionStatus::True) => return "Failed",
            _ => {}
        }
    }
    match condition(&status.instance.conditions, "Ready") {
        Some(ready) if ready.status != ConditionStatus::True => "InProgress",
        _ => "Current",
    }
}

fn created() -> PostgreSQL {
    let mut object = PostgreSQL::default();
    object.metadata.generation = 1;
    object.prepare_create();
    object
}

fn seen(phase: Phase) -> Observed {
    Observed {
        phase,
        message: format!("it is {}", phase.as_str()),
        version: "15.9".into(),
        instances: 1,
        ready_instances: i32::from(phase == Phase::Available),
        primary: "shop-1".into(),
        endpoints: vec![Endpoint::new(Role::ReadWrite, "h", 5432)],
        ..Observed::default()
    }
}

/// With a login, so that there is a Secret.
fn bound() -> Observed {
    Observed { logins: vec![Login { username: "app".into(), ..Login::default() }], ..seen(Phase::Available) }
}

fn moved() -> Observed {
    let endpoints = vec![Endpoint::new(Role::ReadWrite, "elsewhere", 5432)];
    Observed { endpoints, ..bound() }
}

fn refusing(phase: Phase) -> Observed {
    let refused = Refusal::new("InvalidParameters", "no such parameter");
    Observed { refused: Some(refused), ..seen(phase) }
}

fn serving() -> PostgreSQL {
    let mut object = created();
    observed(&mut object, &seen(Phase::Available), None);
    object
}

/// The object after its spec was changed.
fn changed(mut object: PostgreSQL, change: impl FnOnce(&mut PostgreSQL)) -> PostgreSQL {
    change(&mut object);
    object.metadata.generation += 1;
    object
}

fn stopped() -> PostgreSQL {
    let mut object = changed(serving(), |object| object.spec.instance.state = Some(State::Stopped));
    observed(&mut object, &seen(Phase::Stopped), None);
    object
}

fn foreign() -> ClusterError {
    ClusterError::ForeignSecret { namespace: "demo".into(), name: "x".into(), why: "is not ours".into() }
}

/// Ready, with the generation it is about; `-` where there is none.
fn ready(object: &PostgreSQL) -> String {
    condition(&object.status.instance.conditions, "Ready").map_or("-".into(), |ready| {
        format!("{} {} {}", ready.status.as_str(), ready.reason, ready.observed_generation)
    })
}

#[test]
fn kstatus_is_current_only_where_nothing_is_left_to_do() {
    let after = |mut object: PostgreSQL, what: &Observed, trouble: Option<&ClusterError>| {
        observed(&mut object, what, trouble);
        object
    };
    let with = |mut object: PostgreSQL, what: Progress| {
        progress(&mut object, &what);
        object
    };
    let away = |mut object: PostgreSQL, what: Option<Phase>| {
        unavailable(&mut object, "the disk is full", what.map(seen).as_ref());
        object
    };
    let gone = |mut object: PostgreSQL, seconds: i64| {
        unreached(&mut object, UNAVAILABLE, "nobody is there", Time::now());
        unreached(
            &mut object,
            UNAVAILABLE,
            "nobody is there",
            Time::from_seconds(Time::now().seconds() + seconds),
        );
        object
    };
    let begun = |mut object: PostgreSQL| {
        changing(&mut object);
        assert!(is_true(&object.status.instance.conditions, "Progressing"));
        object
    };
    let two = |object: &mut PostgreSQL| object.spec.instance.instances = Some(2);
    let rejected = || Progress::Rejected(Refusal::new("InvalidParameters", "no"));
    let lost = || ClusterError::Config("there is no way to the cluster".into());
    let table: Vec<(&str, PostgreSQL, &str, &str)> = vec![
        ("new", created(), "InProgress", "Unknown Pending 0"),
        ("creating", with(created(), Progress::Creating), "InProgress", "False Creating 1"),
        ("starting", after(created(), &seen(Phase::Creating), None), "InProgress", "False Creating 1"),
        ("serving", serving(), "Current", "True Available 1"),
        ("changed", changed(serving(), two), "InProgress", "True Available 1"),
        ("being changed", begun(changed(serving(), two)), "InProgress", "True Available 1"),
        (
            "scaling",
            after(changed(serving(), two), &seen(Phase::Available), None),
            "InProgress",
            "True Available 2",
        ),
        ("down", after(serving(), &seen(Phase::NoPrimary), None), "InProgress", "False NoPrimary 1"),
        ("backend away", away(serving(), None), "InProgress", "False Failing 1"),
        ("backend gone", gone(serving(), 1), "InProgress", "True Available 1"),
        ("backend gone for long", gone(serving(), 41), "InProgress", "Unknown Unreachable 1"),
        ("backend gone for longer", gone(gone(serving(), 41), 1), "InProgress", "Unknown Unreachable 1"),
        ("backend never there", gone(created(), 1), "InProgress", "False Failing 0"),
        ("kept from its care", away(serving(), Some(Phase::Available)), "InProgress", "True Available 1"),
        ("down meanwhile", away(serving(), Some(Phase::NoPrimary)), "InProgress", "False Failing 1"),
        ("stopped meanwhile", away(stopped(), Some(Phase::Stopped)), "InProgress", "-"),
        ("rejected at once", with(created(), rejected()), "Failed", "False InvalidParameters 0"),
        (
            "refused",
            after(changed(serving(), two), &refusing(Phase::Available), None),
            "Failed",
            "True Available 1",
        ),
        (
            "refused before it was seen",
            after(with(created(), Progress::Creating), &refusing(Phase::Available), None),
            "Failed",
            "False InvalidParameters 0",
        ),
        ("undone", after(serving(), &refusing(Phase::Available), None), "Failed", "True Available 1"),
        ("stopped", stopped(), "Current", "-"),
        ("stop refused", after(changed(stopped(), two), &refusing(Phase::Stopped), None), "Failed", "-"),
        ("down by itself", after(serving(), &seen(Phase::Stopped), None), "InProgress", "False Stopped 1"),
        (
            "started again",
            after(
                changed(stopped(), |object| object.spec.instance.state = None),
                &seen(Phase::Available),
                None,
            ),
            "Current",
            "True Available 3",
        ),
        (
            "Secret in the way",
            after(created(), &seen(Phase::Available), Some(&foreign())),
            "Failed",
            "False SecretConflict 1",
        ),
        (
            "Secret not written again",
            after(after(serving(), &bound(), None), &bound(), Some(&lost())),
            "InProgress",
            "True Available 1",
        ),
        (
            "Secret that leads to where it was",
            after(after(serving(), &bound(), None), &moved(), Some(&lost())),
            "InProgress",
            "False Failing 1",
        ),
        (
            "Secret not written",
            after(created(), &seen(Phase::Available), Some(&lost())),
            "InProgress",
            "False Failing 1",
        ),
    ];
    for (name, object, expected, expected_ready) in table {
        assert_eq!((kstatus(&object), ready(&object).as_str()), (expected, expected_ready), "{name}");
        let programmed = is_true(&object.status.instance.conditions, "Programmed");
        assert!(!programmed || expected != "Failed", "{name} is not Programmed");
        for condition in &object.status.instance.conditions {
            assert!(!condition.message.is_empty() && !condition.reason.is_empty(), "{name}: {condition:?}");
        }
        // The older version is read by the same rules.
        let shown = <V1alpha1 as apimachinery::kind::WireVersion<PostgreSQL>>::from_hub(&object);
        let mut back = PostgreSQL { status: Default::default(), ..object.clone() };
        back.status.instance.observed_generation = shown.status.observed_generation;
        back.status.instance.conditions = shown.status.conditions;
        assert_eq!(kstatus(&back), expected, "{name} by v1alpha1");
    }
}

#[test]
fn what_has_one_of_two_instances_is_not_programmed() {
    let mut object = changed(serving(), |object| object.spec.instance.instances = Some(2));
    observed(&mut object, &seen(Phase::Available), None);
    let programmed = condition(&object.status.instance.conditions, "Programmed").expect("said");
    assert_eq!((programmed.status.as_str(), programmed.reason.as_str()), ("False", "Pending"));
    assert_eq!(programmed.message, "1 of 2 instances are ready");
    observed(&mut object, &Observed { ready_instances: 2, ..seen(Phase::Available) }, None);
    assert!(
        is_true(&object.status.instance.conditions, "Programmed")
            && is_true(&object.status.instance.conditions, "Ready")
    );
}

#[test]
fn a_look_at_what_runs_forgets_no_secret() {
    let mut object = serving();
    let etl = || databases_api::shared::UserSecret { user: "etl".into(), name: "shop-user-etl".into() };
    object.status.instance.user_secrets = vec![etl()];
    let login =
        || Login { username: "app".into(), password: "x".into(), database: "app".into(), ..Login::default() };
    let without = Observed { logins: vec![login()], ..seen(Phase::NoPrimary) };
    runs_on(&mut object, &without);
    unavailable(&mut object, "the disk is full", Some(&without));
    assert_eq!(object.status.instance.user_secrets, [etl()], "it is there until it is retracted");
}

#[test]
fn a_second_look_changes_nothing() {
    let wish = |object: &mut PostgreSQL| object.spec.instance.instances = Some(2);
    for (object, what, trouble) in [
        (serving(), seen(Phase::Available), None),
        (stopped(), seen(Phase::Stopped), None),
        (changed(serving(), wish), refusing(Phase::Available), None),
        (serving(), refusing(Phase::Available), None),
        (created(), seen(Phase::Available), Some(foreign())),
    ] {
        let mut first = object;
        observed(&mut first, &what, trouble.as_ref());
        let mut second = first.clone();
        observed(&mut second, &what, trouble.as_ref());
        assert_eq!(second.status, first.status);
    }
}

#[test]
fn what_was_never_accepted_does_not_become_ready_by_another_change() {
    let mut object = created();
    observed(&mut object, &refusing(Phase::Available), None);
    let mut object = changed(object, |object| object.spec.instance.instances = Some(2));
    observed(&mut object, &refusing(Phase::Available), None);
    assert_eq!(ready(&object), "False InvalidParameters 0");
    let mut accepted = changed(object, |object| object.spec.instance.instances = None);
    observed(&mut accepted, &seen(Phase::Available), None);
    assert_eq!((ready(&accepted).as_str(), kstatus(&accepted)), ("True Available 3", "Current"));
}

#[test]
fn what_does_not_run_has_no_address_and_no_primary() {
    let status = stopped().status;
    assert!(status.instance.endpoints.is_empty() && status.instance.primary.is_empty());
    assert_eq!(
        (status.instance.instances, status.instance.ready_instances, status.instance.version.as_str()),
        (0, 0, "15.9")
    );
    let mut down = serving();
    assert_eq!(down.status.instance.primary, "shop-1");
    runs_on(&mut down, &seen(Phase::NoPrimary));
    assert!(down.status.instance.primary.is_empty() && !down.status.instance.endpoints.is_empty());
}
