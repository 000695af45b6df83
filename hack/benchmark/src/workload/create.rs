//! New objects.

use crate::cell::Cell;
use crate::content::create;
use crate::error::Error;
use crate::load::{Until, closed_loop};
use crate::sample::Sample;
use crate::service::{STREAMS, Service};

pub(super) async fn measure(cell: &Cell, service: &Service, concurrency: usize) -> Result<Sample, Error> {
    let connections = service.connect(concurrency).await?;
    let (words, numbers) = (service.words, cell.numbers.clone());
    let until = Until { operations: cell.creations, ..cell.until() };
    let work = closed_loop(concurrency, until, move |worker, _| {
        let (mut connection, number) = (connections[worker / STREAMS].clone(), numbers.next());
        async move {
            let object = words.object("created", number);
            create(&mut connection, &words.collection("created"), object).await
        }
    });
    service.measure(work).await
}
