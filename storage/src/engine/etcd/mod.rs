//! The engine `etcd`: the whole contract on etcd 3.5 or newer, shared by any number of replicas.
//!
//! Revisions are etcd's own: a key's is its `mod_revision`, the store's that of the answer. Writes are
//! transactions that compare `mod_revision`; reads are linearizable. Every key has the configured prefix in
//! etcd and not here.

mod client;
mod config;
mod flight;
mod prefix;
mod rpc;
mod tls;
mod watch;

use async_trait::async_trait;
use bytes::Bytes;

pub use self::config::Config;
pub use self::tls::Tls;

use self::client::{Client, number, revision};
use self::flight::Flight;
use self::prefix::Prefix;
use self::rpc::request_op::Request;
use self::watch::Progress;
use super::{check_size, key};
use crate::{Error, KeyValue, Page, ReadAt, Revision, Storage, Update, WatchStream};

/// How many keys one request of a listing asks for, so that no answer nears gRPC's limits.
const PAGE: usize = 5000;

/// A store in etcd.
pub struct Etcd {
    client: Client,
    prefix: Prefix,
    flight: Flight,
    progress: Progress,
}

/// Connects to etcd.
///
/// # Errors
/// [`Error::Io`] when the configuration cannot be used, [`Error::Unavailable`] when no endpoint answers.
pub async fn open(config: Config) -> Result<Etcd, Error> {
    let prefix = Prefix(config.checked_prefix()?);
    let client = Client::new(&config)?;
    let status: rpc::StatusResponse = client.call(rpc::STATUS, rpc::StatusRequest {}, 0).await?;
    client.see(status.header.as_ref());
    if !supported(&status.version) {
        let version = &status.version;
        return Err(Error::Io(format!("etcd is version {version}; upgrade it to 3.5.8 or newer")));
    }
    let flight = Flight::new({
        let (client, key) = (client.clone(), prefix.bound("/"));
        move || current(client.clone(), key.clone())
    });
    Ok(Etcd { client, prefix, flight, progress: Progress::default() })
}

/// Older versions answer progress requests before the events they follow.
fn supported(version: &str) -> bool {
    let mut numbers = version.split('.').map(|part| {
        let digits = part.find(|c: char| !c.is_ascii_digit()).map_or(part, |end| &part[..end]);
        digits.parse::<u32>().unwrap_or(0)
    });
    let mut next = || numbers.next().unwrap_or(0);
    (next(), next(), next()) >= (3, 5, 8)
}

/// Reads etcd's current revision by asking for a key that is never there.
async fn current(client: Client, key: Bytes) -> Result<Revision, Error> {
    let request = rpc::RangeRequest { key, count_only: true, ..Default::default() };
    let answer: rpc::RangeResponse = client.call(rpc::RANGE, request, 0).await?;
    Ok(client.see(answer.header.as_ref()))
}

impl Etcd {
    async fn range(&self, request: rpc::RangeRequest) -> Result<(rpc::RangeResponse, Revision), Error> {
        let at = revision(request.revision);
        let answer: rpc::RangeResponse = self.client.call(rpc::RANGE, request, at).await?;
        let newest = self.client.see(answer.header.as_ref());
        Ok((answer, if at == 0 { newest } else { at }))
    }

    /// Does `success` if the key's revision is `expected`; 0: if there is no such key.
    async fn write(&self, key: Bytes, expected: Revision, success: Request) -> Result<Update, Error> {
        let read = rpc::RangeRequest { key: key.clone(), ..Default::default() };
        let compare = rpc::Compare { result: 0, target: 2, key, mod_revision: Some(number(expected)) };
        let request = rpc::TxnRequest {
            compare: vec![compare],
            success: vec![rpc::RequestOp { request: Some(success) }],
            failure: vec![rpc::RequestOp { request: Some(Request::Range(read)) }],
        };
        let answer: rpc::TxnResponse = self.client.call(rpc::TXN, request, 0).await?;
        let newest = self.client.see(answer.header.as_ref());
        if answer.succeeded {
            return Ok(Update::Done(newest));
        }
        let found = answer.responses.into_iter().find_map(|response| response.response_range);
        let found = found.and_then(|range| range.kvs.into_iter().next());
        Ok(Update::Conflict(found.map(|kv| self.prefix.key_value(kv)).transpose()?))
    }

    /// [`Etcd::write`] for a key that must be there. Revision 0, which no key has, would mean the contrary.
    async fn rewrite(&self, key: &str, expected: Revision, success: Request) -> Result<Update, Error> {
        if expected == 0 {
            return Ok(Update::Conflict(self.get(key, ReadAt::Latest).await?.0));
        }
        self.write(self.prefix.checked(key)?, expected, success).await
    }

    /// One listing at one revision, in as many requests as it takes.
    async fn pages(&self, start: &str, end: &str, limit: usize, at: Revision) -> Result<Page, Error> {
        let wanted = if limit == 0 { usize::MAX } else { limit };
        let mut page = Page { items: Vec::new(), revision: at, more: true };
        let mut start = self.prefix.bound(start);
        let range_end = self.prefix.bound(end);
        while page.more && page.items.len() < wanted {
            let limit = PAGE.min(wanted - page.items.len());
            let request = rpc::RangeRequest {
                key: start.clone(),
                range_end: range_end.clone(),
                limit: i64::try_from(limit).unwrap_or(i64::MAX),
                revision: number(page.revision),
                ..Default::default()
            };
            let (answer, revision) = self.range(request).await?;
            page.revision = revision;
            page.more = answer.more;
            if let Some(last) = answer.kvs.last() {
                start = [&last.key[..], b"\0"].concat().into();
            }
            for kv in answer.kvs {
                page.items.push(self.prefix.key_value(kv)?);
            }
        }
        Ok(page)
    }
}

#[async_trait]
impl Storage for Etcd {
    async fn revision(&self) -> Result<Revision, Error> {
        self.flight.join().await
    }

    async fn get(&self, key: &str, at: ReadAt) -> Result<(Option<KeyValue>, Revision), Error> {
        let key = self.prefix.checked(key)?;
        let request = rpc::RangeRequest { key, revision: self.resolve(at)?, ..Default::default() };
        let (answer, revision) = self.range(request).await?;
        let found = answer.kvs.into_iter().next().map(|kv| self.prefix.key_value(kv)).transpose()?;
        Ok((found, revision))
    }

    async fn list(&self, prefix: &str, start: Option<&str>, limit: usize, at: ReadAt) -> Result<Page, Error> {
        key::check_prefix(prefix)?;
        let (start, end) = (key::start(prefix, start), key::end(prefix));
        let exact = revision(self.resolve(at)?);
        if *start >= *end {
            let revision = if exact == 0 { self.revision().await? } else { exact };
            return Ok(Page { items: Vec::new(), revision, more: false });
        }
        loop {
            match self.pages(start, &end, limit, exact).await {
                // The revision of the first of several requests can be compacted before the last.
                Err(Error::Compacted { .. }) if exact == 0 => {}
                result => return result,
            }
        }
    }

    async fn create(&self, key: &str, value: Bytes) -> Result<Update, Error> {
        let key = self.prefix.checked(key)?;
        check_size(value.len())?;
        self.write(key.clone(), 0, Request::Put(rpc::PutRequest { key, value })).await
    }

    async fn update(&self, key: &str, value: Bytes, expected: Revision) -> Result<Update, Error> {
        let key_in_etcd = self.prefix.checked(key)?;
        check_size(value.len())?;
        let put = rpc::PutRequest { key: key_in_etcd, value };
        self.rewrite(key, expected, Request::Put(put)).await
    }

    async fn delete(&self, key: &str, expected: Revision) -> Result<Update, Error> {
        let delete = rpc::DeleteRangeRequest { key: self.prefix.checked(key)? };
        self.rewrite(key, expected, Request::Delete(delete)).await
    }

    async fn watch(&self, prefix: &str, after: Revision) -> Result<WatchStream, Error> {
        key::check_prefix(prefix)?;
        Ok(watch::watch(self.client.clone(), self.prefix.clone(), prefix, after, self.progress.subscribe()))
    }

    async fn request_progress(&self) -> Result<(), Error> {
        self.progress.ask(self.client.seen());
        Ok(())
    }

    async fn compact(&self, revision: Revision) -> Result<(), Error> {
        let request = rpc::CompactionRequest { revision: number(revision) };
        match self.client.call::<_, rpc::CompactionResponse>(rpc::COMPACT, request, revision).await {
            // Another replica was first.
            Ok(_) | Err(Error::Compacted { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }

    async fn size(&self) -> Result<Option<u64>, Error> {
        let status: rpc::StatusResponse = self.client.call(rpc::STATUS, rpc::StatusRequest {}, 0).await?;
        Ok(u64::try_from(status.db_size).ok())
    }
}

impl Etcd {
    /// The revision to ask etcd for, to which 0 means the newest.
    fn resolve(&self, at: ReadAt) -> Result<i64, Error> {
        match at {
            ReadAt::Latest => Ok(0),
            ReadAt::Exactly(0) => Err(self.client.compacted(0, 0)),
            ReadAt::Exactly(revision) => Ok(number(revision)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions() {
        for good in ["3.5.8", "3.5.30", "3.6.0-rc.1", "3.7.0", "3.7.2", "4.0.0"] {
            assert!(supported(good), "{good}");
        }
        for bad in ["3.4.23", "3.5.7", "", "x"] {
            assert!(!supported(bad), "{bad}");
        }
    }
}
