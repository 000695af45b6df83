//! The backends that this server has, and the kinds that each of them answers.

use super::Databases;
use crate::controller::{Answering, Kinds};
use crate::server::{Place, Reason};
use databases_api::postgresql::PostgreSQL;

/// Opens all of them. One that somebody has to wait for is opened all the same, and says so when it is asked.
pub(super) async fn open(place: &Place<'_, Databases>) -> Result<Kinds, Reason> {
    let mut answering = Answering::default();
    let of_this_machine = place.cluster_flags.is_none_or(|flags| flags.local_backend);
    if let Some(data_dir) = place.data_dir.filter(|_| of_this_machine) {
        answering = answering.with::<PostgreSQL>(place.flags.open(data_dir).await?);
    }
    Ok(answering.kinds())
}
