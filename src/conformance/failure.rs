//! Why a test failed.

use crate::cluster;
use std::fmt;

/// What was found where something else was expected, in a sentence that holds no password.
#[derive(Clone, Debug)]
pub(super) struct Failure(String);

/// Whether a test passed.
pub(super) type Verdict = Result<(), Failure>;

impl Failure {
    pub(super) fn new(what: impl Into<String>) -> Self {
        Failure(what.into())
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

impl From<kube::Error> for Failure {
    fn from(error: kube::Error) -> Self {
        Failure(cluster::Error::from(error).to_string())
    }
}

/// Fails with a sentence where something does not hold.
pub(super) fn ensure(holds: bool, otherwise: impl FnOnce() -> String) -> Verdict {
    if holds { Ok(()) } else { Err(Failure(otherwise())) }
}

/// Fails where what was found is not what it should be.
pub(super) fn same(what: &str, found: impl AsRef<str>, wanted: impl AsRef<str>) -> Verdict {
    let (found, wanted) = (found.as_ref(), wanted.as_ref());
    ensure(found == wanted, || format!("{what} is {found:?} where {wanted:?} was asked for"))
}
