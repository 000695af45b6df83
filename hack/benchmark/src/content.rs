//! What a server holds while it is measured.

use crate::client::{Connection, Target};
use crate::error::Error;
use crate::load::{Until, closed_loop};
use crate::service::{STREAMS, Service};
use crate::words::{CLASS, NAMESPACES};
use bytes::Bytes;
use hyper::Method;
use std::time::Duration;

/// So many objects are created at once.
const WORKERS: usize = 32;
/// More than a fill may take.
const LONG: Duration = Duration::from_secs(3600);

/// Makes the namespaces of the objects.
pub async fn namespaces(target: &Target) -> Result<(), Error> {
    let mut connection = target.connect().await?;
    for name in NAMESPACES {
        let namespace = format!(r#"{{"apiVersion":"v1","kind":"Namespace","metadata":{{"name":"{name}"}}}}"#);
        create(&mut connection, "/api/v1/namespaces", namespace).await?;
    }
    Ok(())
}

/// Makes the class of our own objects.
pub async fn class(service: &Service) -> Result<(), Error> {
    let path = format!("{}/databaseclasses", service.words.group());
    create(&mut service.target.connect().await?, &path, CLASS.into()).await
}

/// Fills the namespace that is read with so many objects.
pub async fn objects(service: &Service, count: u64) -> Result<(), Error> {
    let (connections, words) = (service.connect(WORKERS).await?, service.words);
    let until = Until { period: LONG, operations: count };
    closed_loop(WORKERS, until, move |worker, number| {
        let mut connection = connections[worker / STREAMS].clone();
        async move {
            create(&mut connection, &words.collection("bench"), words.object("bench", number)).await
        }
    })
    .await
    .map(drop)
}

/// Creates one object.
pub async fn create(connection: &mut Connection, path: &str, body: String) -> Result<(), Error> {
    connection.exchange(Method::POST, path, Bytes::from(body)).await.map(drop)
}
