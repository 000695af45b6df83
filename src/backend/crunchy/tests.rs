//! Crunchy's PGO as it is played.

use super::*;
use crate::backend::pgo::tests::Part;

pub(in crate::backend) type Played = crate::backend::pgo::tests::Played<PostgresCluster>;

impl Part for PostgresCluster {
    const IMPLEMENTATION: &'static str = "crunchy";

    fn own_status(_: &Value, inner: Value) -> Value {
        inner
    }
}
