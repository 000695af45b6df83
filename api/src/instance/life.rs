//! The life of a database, whatever its kind: what is said before anybody looks, what an update keeps, how many servers are
//! wanted.

use super::Instance;
use crate::shared::{DeletionPolicy, State};
use apimachinery::field::{Errors, FieldError, Path};
use apimachinery::kind::Scale;
use apimachinery::meta::{ConditionStatus, set_condition};

/// Nobody has looked at the object yet, and it says so: who waits for it must not take silence for success.
pub(crate) fn wait_for_controller(object: &mut dyn Instance) {
    let message = match object.spec().class_name.as_str() {
        "" => format!("waiting for a DatabaseClass that is the default for {}", object.definition().kind),
        class => waiting_for(class),
    };
    for kind in ["Accepted", "Ready"] {
        let unknown = ConditionStatus::Unknown;
        set_condition(&mut object.status_mut().conditions, kind, unknown, "Pending", &message, 0);
    }
}

/// What an object says whose class has a controller that has not looked at it yet.
pub fn waiting_for(class: &str) -> String {
    format!("waiting for the controller of DatabaseClass {class:?}")
}

/// What an update of the main resource does not take away, once it has the status of the object before.
pub(crate) fn keep(new: &mut dyn Instance, old: &dyn Instance) {
    // An object of an earlier release that nobody looked at yet.
    if new.status().conditions.is_empty() {
        wait_for_controller(new);
    }
    // A class that was chosen for the object is not lost by a manifest that does not name one.
    if new.spec().class_name.is_empty() {
        new.spec_mut().class_name.clone_from(&old.spec().class_name);
    }
    // Nor does one that leaves the policy out change the deletion under way.
    if old.meta().deletion_timestamp.is_some() && new.spec().deletion_policy.is_none() {
        new.spec_mut().deletion_policy.clone_from(&old.spec().deletion_policy);
    }
}

/// A deletion under way may still be told to keep what is left, and one that is to make a backup first to do without. What was
/// let go is nobody's to delete, and what was deleted cannot be backed up, so nothing else can be asked of it any more.
pub(crate) fn check_ending(new: &dyn Instance, old: &dyn Instance, errors: &mut Errors) {
    let (wanted, before) = (&new.spec().deletion_policy, &old.spec().deletion_policy);
    if old.meta().deletion_timestamp.is_none() || wanted == before {
        return;
    }
    let detail = match (before, wanted) {
        (_, Some(DeletionPolicy::Retain))
        | (Some(DeletionPolicy::Snapshot), Some(DeletionPolicy::Delete)) => return,
        (Some(DeletionPolicy::Snapshot), _) => {
            "this object is being deleted: its policy can become Retain, which keeps what is still there, or Delete, which \
             makes no backup, and nothing else"
        }
        _ => {
            "this object is being deleted: its policy can become Retain, which keeps what is still there, and nothing else"
        }
    };
    let path = Path::new("spec").child("deletionPolicy");
    errors.push(FieldError::forbidden(&path, detail));
}

/// Why the object may not be deleted.
pub(crate) fn forbid_deletion(object: &dyn Instance) -> Option<String> {
    (object.spec().deletion_policy == Some(DeletionPolicy::Forbid)).then(|| {
        "spec.deletionPolicy is Forbid: before deleting this object set it to Retain or Delete, or to Snapshot where its class \
         offers that"
            .into()
    })
}

/// How many servers are wanted; none while stopped.
pub(super) fn wanted(object: &dyn Instance) -> i32 {
    match object.spec().state {
        Some(State::Stopped) => 0,
        _ => object.spec().instances.unwrap_or(1),
    }
}

/// What `…/scale` shows.
pub(crate) fn scale(object: &dyn Instance) -> Scale {
    let status = object.status();
    Scale { desired: wanted(object), current: status.instances, selector: status.selector.clone() }
}

/// What `…/scale` sets. 0 stops the database and keeps the number to come back to.
pub(crate) fn set_scale(object: &mut dyn Instance, replicas: i32) {
    let spec = object.spec_mut();
    if replicas == 0 {
        spec.state = Some(State::Stopped);
        return;
    }
    if spec.state == Some(State::Stopped) {
        spec.state = Some(State::Running);
    }
    spec.instances = Some(replicas);
}

/// The part of a kind's `impl Kind` that follows from its being a database.
macro_rules! lives {
    () => {
        fn prepare_create(&mut self) {
            self.status = ::core::default::Default::default();
            $crate::instance::life::wait_for_controller(self);
        }
        fn prepare_update(&mut self, old: &Self) {
            self.keep_status(old);
            $crate::instance::life::keep(self, old);
        }
        fn forbid_deletion(&self) -> Option<String> {
            $crate::instance::life::forbid_deletion(self)
        }
        fn scale(&self) -> Option<::apimachinery::kind::Scale> {
            Some($crate::instance::life::scale(self))
        }
        fn set_scale(&mut self, replicas: i32) {
            $crate::instance::life::set_scale(self, replicas);
        }
    };
}

/// The part of a kind's `impl Instance` that is the same in all: where the shared parts stand. `FACTS` must be in scope.
macro_rules! shares {
    () => {
        fn facts(&self) -> &'static $crate::instance::Facts {
            &FACTS
        }
        fn spec(&self) -> &$crate::shared::InstanceSpec {
            &self.spec.instance
        }
        fn spec_mut(&mut self) -> &mut $crate::shared::InstanceSpec {
            &mut self.spec.instance
        }
        fn spec_tree(&self) -> ::serde_json::Value {
            ::apimachinery::wire::json::to_tree(&self.spec)
        }
        fn status(&self) -> &$crate::shared::InstanceStatus {
            &self.status.instance
        }
        fn status_mut(&mut self) -> &mut $crate::shared::InstanceStatus {
            &mut self.status.instance
        }
    };
}

pub(crate) use {lives, shares};
