//! Reads of one object each, spread over all of them.

use crate::cell::Cell;
use crate::error::Error;
use crate::load::closed_loop;
use crate::sample::Sample;
use crate::service::{STREAMS, Service};
use bytes::Bytes;
use hyper::Method;

/// Spreads consecutive numbers over all objects.
const STRIDE: u64 = 7919;

pub(super) async fn measure(cell: &Cell, service: &Service, concurrency: usize) -> Result<Sample, Error> {
    let connections = service.connect(concurrency).await?;
    let (objects, words) = (cell.objects, service.words);
    let work = closed_loop(concurrency, cell.until(), move |worker, number| {
        let mut connection = connections[worker / STREAMS].clone();
        async move {
            let path = words.one("bench", number.wrapping_mul(STRIDE) % objects);
            connection.exchange(Method::GET, &path, Bytes::new()).await.map(drop)
        }
    });
    service.measure(work).await
}
