//! All objects in one answer, one list after the other.

use crate::cell::Cell;
use crate::error::Error;
use crate::load::closed_loop;
use crate::sample::Sample;
use crate::service::Service;
use bytes::Bytes;
use hyper::Method;

pub(super) async fn measure(cell: &Cell, service: &Service) -> Result<Sample, Error> {
    let connection = service.target.connect().await?;
    let path = service.words.collection("bench");
    let least = usize::try_from(cell.objects).unwrap_or(usize::MAX).saturating_mul(1000);
    let work = closed_loop(1, cell.until(), move |_, _| {
        let (mut connection, path) = (connection.clone(), path.clone());
        async move {
            match connection.exchange(Method::GET, &path, Bytes::new()).await? {
                length if length >= least => Ok(()),
                length => Err(Error::Wrong(format!("a list of {length} bytes does not hold every object"))),
            }
        }
    });
    service.measure(work).await
}
