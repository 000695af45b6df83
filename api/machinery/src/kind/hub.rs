//! Objects of any kind, erased once.

use super::{Definition, Kind, Scale};
use crate::field::Errors;
use crate::meta::ObjectMeta;
use std::any::Any;
use std::fmt::Debug;

/// An object of any kind.
pub trait Hub: Any + Debug + Send + Sync {
    /// What the server knows of the kind.
    fn definition(&self) -> &'static Definition;
    /// The object's metadata.
    fn meta(&self) -> &ObjectMeta;
    /// The object's metadata.
    fn meta_mut(&mut self) -> &mut ObjectMeta;
    /// A copy.
    fn boxed(&self) -> Box<dyn Hub>;
    /// For downcasting.
    fn as_any(&self) -> &dyn Any;
    /// For downcasting.
    fn as_any_mut(&mut self) -> &mut dyn Any;
    /// See [`Kind::default_fields`].
    fn default_fields(&mut self);
    /// See [`Kind::prepare_create`].
    fn prepare_create(&mut self);
    /// See [`Kind::prepare_update`].
    fn prepare_update(&mut self, old: &dyn Hub);
    /// See [`Kind::prepare_status_update`].
    fn prepare_status_update(&mut self, old: &dyn Hub);
    /// See [`Kind::prepare_finalize`].
    fn prepare_finalize(&mut self, old: &dyn Hub);
    /// See [`Kind::same_desired_state`].
    fn same_desired_state(&self, old: &dyn Hub) -> bool;
    /// Whether everything is equal, metadata included.
    fn same(&self, old: &dyn Hub) -> bool;
    /// See [`Kind::validate`].
    fn validate(&self, errors: &mut Errors);
    /// See [`Kind::validate_update`].
    fn validate_update(&self, old: &dyn Hub, errors: &mut Errors);
    /// See [`Kind::forbid_deletion`].
    fn forbid_deletion(&self) -> Option<String>;
    /// See [`Kind::holds_deletion`].
    fn holds_deletion(&self) -> bool;
    /// See [`Kind::begin_deletion`].
    fn begin_deletion(&mut self);
    /// See [`Kind::has_dependents`].
    fn has_dependents(&self) -> bool;
    /// See [`Kind::has_generation`].
    fn has_generation(&self) -> bool;
    /// See [`Kind::allows_unconditional_update`].
    fn allows_unconditional_update(&self) -> bool;
    /// See [`Kind::warnings`].
    fn warnings(&self) -> Vec<String>;
    /// See [`Kind::scale`].
    fn scale(&self) -> Option<Scale>;
    /// See [`Kind::set_scale`].
    fn set_scale(&mut self, replicas: i32);
}

impl dyn Hub {
    /// The object as its own kind.
    pub fn downcast<K: Kind>(&self) -> Option<&K> {
        self.as_any().downcast_ref()
    }

    /// The object as its own kind, to be changed.
    pub fn downcast_mut<K: Kind>(&mut self) -> Option<&mut K> {
        self.as_any_mut().downcast_mut()
    }
}

/// One registry serves one kind; another kind in its place is a fault of this program.
pub(super) fn own<K: Kind>(hub: &dyn Hub) -> &K {
    hub.downcast().expect("an object is compared only with objects of its own kind")
}

impl<K: Kind> Hub for K {
    fn definition(&self) -> &'static Definition {
        K::definition()
    }
    fn meta(&self) -> &ObjectMeta {
        Kind::meta(self)
    }
    fn meta_mut(&mut self) -> &mut ObjectMeta {
        Kind::meta_mut(self)
    }
    fn boxed(&self) -> Box<dyn Hub> {
        Box::new(self.clone())
    }
    fn as_any(&self) -> &dyn Any {
        self
    }
    fn as_any_mut(&mut self) -> &mut dyn Any {
        self
    }
    fn default_fields(&mut self) {
        Kind::default_fields(self);
    }
    fn prepare_create(&mut self) {
        Kind::prepare_create(self);
    }
    fn prepare_update(&mut self, old: &dyn Hub) {
        Kind::prepare_update(self, own(old));
    }
    fn prepare_status_update(&mut self, old: &dyn Hub) {
        Kind::prepare_status_update(self, own(old));
    }
    fn prepare_finalize(&mut self, old: &dyn Hub) {
        Kind::prepare_finalize(self, own(old));
    }
    fn same_desired_state(&self, old: &dyn Hub) -> bool {
        Kind::same_desired_state(self, own(old))
    }
    fn same(&self, old: &dyn Hub) -> bool {
        self == own::<K>(old)
    }
    fn validate(&self, errors: &mut Errors) {
        Kind::validate(self, errors);
    }
    fn validate_update(&self, old: &dyn Hub, errors: &mut Errors) {
        Kind::validate_update(self, own(old), errors);
    }
    fn forbid_deletion(&self) -> Option<String> {
        Kind::forbid_deletion(self)
    }
    fn holds_deletion(&self) -> bool {
        Kind::holds_deletion(self)
    }
    fn begin_deletion(&mut self) {
        Kind::begin_deletion(self);
    }
    fn has_dependents(&self) -> bool {
        Kind::has_dependents(self)
    }
    fn has_generation(&self) -> bool {
        Kind::has_generation(self)
    }
    fn allows_unconditional_update(&self) -> bool {
        Kind::allows_unconditional_update(self)
    }
    fn warnings(&self) -> Vec<String> {
        Kind::warnings(self)
    }
    fn scale(&self) -> Option<Scale> {
        Kind::scale(self)
    }
    fn set_scale(&mut self, replicas: i32) {
        Kind::set_scale(self, replicas);
    }
}
