//! What every kind would otherwise write again, as macros that any group can use.

/// Lists kinds: declares a module for each, in which its `DEFINITION` stands, and a function that returns them all.
///
/// ```text
/// apimachinery::kind::kinds! {
///     /// The kinds of this group.
///     pub fn definitions: fischer, flunder
/// }
/// ```
#[macro_export]
#[doc(hidden)]
macro_rules! __kinds {
    ($(#[$about:meta])* $visibility:vis fn $list:ident: $($module:ident),+ $(,)?) => {
        $(pub mod $module;)+

        $(#[$about])*
        $visibility fn $list() -> &'static [&'static $crate::kind::Definition] {
            static ALL: &[&$crate::kind::Definition] = &[$(&$module::DEFINITION),+];
            ALL
        }
    };
}

/// Declares a version of a kind that has the hub's fields, with the hub's types: the wire type, and conversions.
///
/// The wire type is named as the kind is, and is reached by the name in front. `PACKAGE` must be in scope. A kind has one
/// such version in a module.
///
/// ```text
/// apimachinery::kind::version! {
///     /// A flunder.
///     V1beta1 of Flunder is "v1beta1", deprecated "wardle.example.com/v1beta1 Flunder is deprecated" {
///         /// Metadata.
///         #[api(1, required)]
///         metadata: ObjectMeta,
///         /// What is wanted.
///         #[api(2)]
///         spec: FlunderSpec,
///     }
/// }
/// ```
#[macro_export]
#[doc(hidden)]
macro_rules! __version {
    (
        $(#[$($about:tt)+])*
        $alias:ident of $kind:ident is $name:literal $(, deprecated $warning:literal)? {
            $($(#[$($option:tt)+])* $field:ident: $type:ty),+ $(,)?
        }
    ) => {
        // Whether others see it is up to the module that it is declared in.
        #[allow(unreachable_pub)]
        mod wire {
            use super::*;

            $(#[$($about)+])*
            #[$crate::api_type(kind)]
            pub struct $kind {
                $($(#[$($option)+])* pub $field: $type,)+
            }
        }

        impl $crate::kind::WireVersion<$kind> for wire::$kind {
            const NAME: &'static str = $name;
            $(const DEPRECATED: Option<&'static str> = Some($warning);)?

            fn into_hub(self) -> $kind {
                let wire::$kind { $($field),+ } = self;
                $kind { $($field),+ }
            }

            fn from_hub(hub: &$kind) -> Self {
                let $kind { $($field),+ } = hub.clone();
                wire::$kind { $($field),+ }
            }
        }

        #[allow(unreachable_pub)]
        pub use wire::$kind as $alias;
    };
}

/// An implementation of [`Kind`](crate::kind::Kind), or the first part of one where something is to follow: the definition, and
/// what follows from which fields beside `metadata` are the desired state and which are the status.
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
        fn clear_status(&mut self) {
            $(self.$status = ::core::default::Default::default();)*
        }
        fn keep_status(&mut self, _old: &Self) {
            $(self.$status.clone_from(&_old.$status);)*
        }
        fn keep_spec(&mut self, _old: &Self) {
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

/// What is asked of an object of one kind, for a server that asks any object: the cell of a column, or the value of a field.
///
/// ```text
/// Column::new("Target", "string", "What it is for.", 0, of!(Flunder, |flunder| flunder.spec.target.as_str()))
/// ```
#[macro_export]
#[doc(hidden)]
macro_rules! __of {
    ($kind:ty, |$object:ident| $value:expr) => {
        |object: &dyn $crate::kind::Hub| {
            let $object = object.downcast::<$kind>().expect("an object is asked what its own kind says");
            ::core::convert::Into::into($value)
        }
    };
}

pub use {
    __kinds as kinds, __object as object, __of as of, __only_version as only_version, __parts as parts,
    __version as version,
};
