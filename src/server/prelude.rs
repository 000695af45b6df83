//! All that an API's own source names, in one import.

pub use super::{Api, Around, Facts, Parts, Place, Reason};
pub use crate::admission::Admission;
pub use crate::registry::Registry;
pub use apimachinery::api_type;
pub use apimachinery::kind::{Definition, Kind, Version, WireVersion, object, only_version, parts};
pub use apimachinery::meta::ObjectMeta;
pub use apimachinery::status::ApiError;
pub use async_trait::async_trait;
pub use std::sync::Arc;
