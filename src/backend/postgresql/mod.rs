//! What every backend that speaks to a PostgreSQL server of its own accord has in common: what its sessions run with, how names
//! and texts are quoted, what an answer of the server means, and passwords.

mod answer;
pub(in crate::backend) mod extension;
mod secret;
mod session;
mod text;

pub use answer::Answer;
pub(in crate::backend) use answer::is_of_the_moment;
pub(in crate::backend) use secret::Login;
pub use secret::{NoRandomness, Secret};
pub(in crate::backend) use session::{options, superuser_options};
pub(in crate::backend) use text::{cell, flag, identifier, line, literal, secret_text};
