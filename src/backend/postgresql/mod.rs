//! What every backend that speaks to a PostgreSQL server of its own accord has in common: what its sessions run with, how names
//! and texts are quoted, what an answer of the server means, passwords, and certificates.

mod answer;
mod certificate;
pub(in crate::backend) mod extension;
mod secret;
mod session;
mod setting;
mod text;

pub use answer::Answer;
pub(in crate::backend) use answer::is_of_the_moment;
pub(in crate::backend) use certificate::{Authority, Issued, check as check_certificate};
pub(in crate::backend) use secret::Login;
pub use secret::{NoRandomness, Secret};
pub(in crate::backend) use session::{options, superuser_options};
pub(in crate::backend) use setting::{SETTINGS, Setting};
pub(in crate::backend) use text::{cell, flag, hash, identifier, line, literal, secret_text, secret_value};

use super::{Engine, Offer};
use databases_api::postgresql::PostgreSQL;

/// These versions, the default first, with these features beyond the core.
pub(in crate::backend) fn offer<'a>(
    versions: Vec<String>,
    features: impl IntoIterator<Item = &'a str>,
) -> Offer {
    let engine = Engine { kind: "PostgreSQL".into(), flavor: "PostgreSQL".into(), versions };
    let features = features.into_iter().map(str::to_owned).collect();
    Offer { engines: vec![engine], features, ..Offer::default() }
}

/// Whether something of the object was seen before.
pub(in crate::backend) fn was_made(object: &PostgreSQL) -> bool {
    !object.status.instance.version.is_empty()
}
