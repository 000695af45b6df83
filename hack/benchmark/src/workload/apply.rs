//! Configurations that are applied to objects which are there, each with a change.

use crate::cell::Cell;
use crate::error::Error;
use crate::load::closed_loop;
use crate::sample::Sample;
use crate::service::{STREAMS, Service};
use bytes::Bytes;
use hyper::Method;

/// So many objects take turns: many more than are written at once. Who comes first creates them.
const OBJECTS: u64 = 1000;

pub(super) async fn measure(cell: &Cell, service: &Service, concurrency: usize) -> Result<Sample, Error> {
    let connections = service.connect(concurrency).await?;
    let (words, numbers) = (service.words, cell.numbers.clone());
    let work = closed_loop(concurrency, cell.until(), move |worker, _| {
        let (mut connection, turn) = (connections[worker / STREAMS].clone(), numbers.next());
        async move {
            let number = turn % OBJECTS;
            let path = format!("{}?fieldManager=bench", words.one("applied", number));
            let object = words.turned("applied", number, turn / OBJECTS);
            connection.exchange(Method::PATCH, &path, Bytes::from(object)).await.map(drop)
        }
    });
    service.measure(work).await
}
