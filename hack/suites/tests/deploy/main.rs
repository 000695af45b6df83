//! What `deploy/` installs: kustomize and Helm agree, a real cluster takes it, and its rights are just those that the
//! server uses.

mod installed;
mod rendered;
mod rights;
mod tools;
