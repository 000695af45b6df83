//! Kinds, their versions, and what a server knows of them.
//!
//! A kind has one *hub* type, which no wire format knows, and a wire type per version with conversions to and
//! from the hub. The server handles hubs as `dyn Hub`: it is erased once, here, so that everything that serves
//! a kind is compiled once and not per kind.

mod definition;
mod hub;
mod version;

pub use definition::{Column, Definition, NameRule};
pub use hub::Hub;
pub use version::Version;

use crate::age;
use crate::field::Errors;
use crate::meta::ObjectMeta;
use crate::wire::Object;
use std::fmt::Debug;

/// A hub type. Everything a strategy decides about a kind stands in its implementation.
pub trait Kind: Clone + Debug + PartialEq + Send + Sync + 'static {
    /// What the server knows of the kind.
    fn definition() -> &'static Definition;
    /// The object's metadata.
    fn meta(&self) -> &ObjectMeta;
    /// The object's metadata.
    fn meta_mut(&mut self) -> &mut ObjectMeta;

    /// Static defaults: idempotent, and the same at every time.
    fn default_fields(&mut self) {}
    /// Drops what a creator may not set (status).
    fn prepare_create(&mut self) {}
    /// Takes from `old` what an update of the main resource may not set (status).
    fn prepare_update(&mut self, _old: &Self) {}
    /// Takes from `old` what an update of the status may not set (spec); metadata is taken by the registry.
    fn prepare_status_update(&mut self, old: &Self) {
        *self = old.clone();
    }
    /// Whether the desired state is the same, so that the generation stays.
    fn same_desired_state(&self, old: &Self) -> bool;
    /// All faults of a new object's own fields; the registry validates metadata.
    fn validate(&self, _errors: &mut Errors) {}
    /// All faults of an update. A field that did not change is not checked again (ratcheting, K-09).
    fn validate_update(&self, _old: &Self, errors: &mut Errors) {
        self.validate(errors);
    }
    /// Faults of a deletion, such as a policy that forbids it; the text is the reason of a 403.
    fn forbid_deletion(&self) -> Option<String> {
        None
    }
    /// Whether something besides `metadata.finalizers` must end before the object goes.
    fn holds_deletion(&self) -> bool {
        false
    }
    /// Called once when the deletion of an object begins that cannot go at once.
    fn begin_deletion(&mut self) {}
    /// Whether changes of the desired state are counted in `metadata.generation`.
    fn has_generation(&self) -> bool {
        true
    }
    /// Whether an update may leave out which version it was made from, and so overwrite what it has not seen.
    fn allows_unconditional_update(&self) -> bool {
        false
    }
    /// Warnings for the person who writes the object.
    fn warnings(&self) -> Vec<String> {
        Vec::new()
    }
    /// The cells of [`Definition::columns`].
    fn cells(&self) -> Vec<serde_json::Value> {
        let meta = self.meta();
        vec![meta.name.clone().into(), age::since(meta.creation_timestamp)]
    }
    /// The value of one of [`Definition::selectable_fields`].
    fn selectable(&self, _field: &str) -> String {
        String::new()
    }
    /// What `…/scale` shows.
    fn scale(&self) -> Option<Scale> {
        None
    }
    /// What `…/scale` sets.
    fn set_scale(&mut self, _replicas: i32) {}
}

/// An implementation of [`Kind`], or the first part of one where something is to follow: the definition, and what follows from
/// which fields beside `metadata` are the desired state and which are the status.
///
/// ```
/// use apimachinery::api_type;
/// use apimachinery::kind::{Definition, Version, only_version, parts};
/// use apimachinery::meta::ObjectMeta;
///
/// const PACKAGE: &str = "com.example.v1";
///
/// /// A boat.
/// #[api_type(kind)]
/// struct Boat {
///     /// Metadata.
///     #[api(1)]
///     metadata: ObjectMeta,
///     /// How many fit in.
///     #[api(2)]
///     seats: i32,
/// }
///
/// static BOAT: Definition =
///     Definition::new("example.com", "Boat", "boats", const { &[Version::of::<Boat, Boat>()] });
///
/// only_version!(Boat, "v1");
///
/// parts!(impl Kind for Boat: BOAT, spec: seats, status:);
/// ```
#[macro_export]
#[doc(hidden)]
macro_rules! __parts {
    (impl Kind for $kind:ty: $($parts:tt)*) => {
        impl $crate::kind::Kind for $kind {
            $crate::__parts!($($parts)*);
        }
    };
    ($definition:ident, spec: $($spec:ident)*, status: $($status:ident)*) => {
        fn definition() -> &'static $crate::kind::Definition {
            &$definition
        }
        fn meta(&self) -> &$crate::meta::ObjectMeta {
            &self.metadata
        }
        fn meta_mut(&mut self) -> &mut $crate::meta::ObjectMeta {
            &mut self.metadata
        }
        fn prepare_create(&mut self) {
            $(self.$status = ::core::default::Default::default();)*
        }
        fn prepare_update(&mut self, _old: &Self) {
            $(self.$status.clone_from(&_old.$status);)*
        }
        fn prepare_status_update(&mut self, _old: &Self) {
            $(self.$spec.clone_from(&_old.$spec);)*
        }
        fn same_desired_state(&self, _old: &Self) -> bool {
            true $(&& self.$spec == _old.$spec)*
        }
    };
}

/// A wire type of the usual form: metadata, a spec and a status, with the numbers that every kind of Kubernetes has for them.
///
/// ```
/// use apimachinery::{api_type, kind::object};
///
/// const PACKAGE: &str = "com.example.v1";
///
/// /// What is wanted of a boat.
/// #[api_type]
/// struct BoatSpec {
///     /// How many fit in.
///     #[api(1)]
///     seats: i32,
/// }
///
/// /// Nothing is known of a boat.
/// #[api_type]
/// struct BoatStatus {}
///
/// object! {
///     /// A boat.
///     struct Boat: BoatSpec, BoatStatus
/// }
/// ```
#[macro_export]
#[doc(hidden)]
macro_rules! __object {
    ($(#[$doc:meta])* $vis:vis struct $name:ident: $spec:ident, $status:ident) => {
        $(#[$doc])*
        #[$crate::api_type(kind)]
        $vis struct $name {
            /// Metadata.
            #[api(1)]
            $vis metadata: $crate::meta::ObjectMeta,
            /// What is wanted.
            #[api(2)]
            $vis spec: $spec,
            /// What is.
            #[api(3)]
            $vis status: $status,
        }
    };
}

/// A kind whose only version is its hub.
#[macro_export]
#[doc(hidden)]
macro_rules! __only_version {
    ($kind:ty, $name:literal) => {
        impl $crate::kind::WireVersion<$kind> for $kind {
            const NAME: &'static str = $name;
            fn into_hub(self) -> $kind {
                self
            }
            fn from_hub(hub: &$kind) -> Self {
                hub.clone()
            }
        }
    };
}

pub use {__object as object, __only_version as only_version, __parts as parts};

/// What the scale subresource shows of an object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scale {
    /// `spec.replicas`.
    pub desired: i32,
    /// `status.replicas`.
    pub current: i32,
    /// `status.selector`, a label selector in text form.
    pub selector: String,
}

/// A wire type of a kind. Both conversions are total and lossless, and destructure without `..`.
pub trait WireVersion<K: Kind>: Object {
    /// The version, such as `v1`.
    const NAME: &'static str;
    /// The text of the `Warning` header, for a deprecated version.
    const DEPRECATED: Option<&'static str> = None;
    /// To the hub.
    fn into_hub(self) -> K;
    /// From the hub.
    fn from_hub(hub: &K) -> Self;
}
