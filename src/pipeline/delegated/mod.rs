//! Authentication and authorization by the host cluster: its front proxy, its client certificates, its tokens, its rules.

mod access;
mod front_proxy;
mod tokens;
mod verdicts;

pub use access::{AccessReviews, Lifetimes};
pub use front_proxy::{FrontProxies, FrontProxy};
pub use tokens::Tokens;
