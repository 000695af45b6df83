//! The store: keys below a prefix, and what each call of the contract is to etcd.

use async_trait::async_trait;
use bytes::Bytes;
use etcd_client::proto::{PbRangeResponse, PbStatusResponse, PbTxnOpResponse};
use etcd_client::{Compare, CompareOp, GetOptions, Txn, TxnOp};

use super::Config;
use super::client::{Client, number};
use super::flight::Flight;
use super::prefix::Prefix;
use super::probe::{self, Wrong};
use super::stranger;
use super::watch::{self, Progress};
use crate::engine::{check_size, key};
use crate::{Error, KeyValue, Page, ReadAt, Revision, Storage, Update, WatchStream};

/// How many keys one request of a listing asks for, so that no answer nears gRPC's limits.
const PAGE: usize = 5000;

/// A store in etcd.
pub struct Etcd {
    pub(super) client: Client,
    pub(super) prefix: Prefix,
    flight: Flight,
    progress: Progress,
    /// Whether what answers is not etcd, and is looked at before and after each write.
    pub(super) is_wary: bool,
}

/// What a write does.
#[derive(Clone)]
pub(super) enum Change {
    Put(Bytes),
    Delete,
}

/// Connects to etcd.
///
/// # Errors
/// [`Error::Io`] when the configuration cannot be used or what answers as etcd does otherwise, [`Error::Unavailable`] when
/// no etcd answers, with who does.
pub async fn open(config: Config) -> Result<Etcd, Error> {
    config.check().map_err(|unusable| Error::Io(unusable.to_string()))?;
    let prefix = Prefix::new(config.root());
    let client = Client::new(&config).await?;
    let status = match anybody(&client, &config).await {
        Err(Error::Unavailable(reason)) => {
            return Err(Error::Unavailable(stranger::explained(&config, reason).await));
        }
        outcome => outcome?,
    };
    client.see(status.header.as_ref());
    if !supported(&status.version) {
        let version = &status.version;
        return Err(Error::Io(format!("etcd is version {version}; upgrade it to 3.5.8 or newer")));
    }
    let flight = Flight::new({
        let (client, key) = (client.clone(), prefix.bound("/"));
        move || current(client.clone(), key.clone())
    });
    let mut store = Etcd { client, prefix, flight, progress: Progress::default(), is_wary: false };
    let mut wrong = probe::wrong(&store).await;
    if let Some(Wrong::Deletions(what)) = wrong {
        tracing::warn!(what, "the store is not etcd: each write asks it once more");
        store.is_wary = true;
        wrong = probe::wrong(&store).await;
    }
    match wrong {
        None => Ok(store),
        Some(wrong) => Err(wrong.refusal()),
    }
}

/// The state of the first member that answers; it is the one that is used. Asking twice harms nobody, so that one that says
/// nothing keeps the others from nothing.
async fn anybody(client: &Client, config: &Config) -> Result<PbStatusResponse, Error> {
    let client = client.within(config.dial_timeout);
    let mut asked = 0;
    loop {
        let place = client.place();
        asked += 1;
        match status(&client).await {
            Err(Error::Unavailable(_)) if asked < config.endpoints.len() => client.leave(place),
            outcome => return outcome,
        }
    }
}

/// The state of a member.
async fn status(client: &Client) -> Result<PbStatusResponse, Error> {
    let call = client.call(0, |member| {
        let mut maintenance = member.maintenance.clone();
        async move { maintenance.status().await }
    });
    Ok(call.await?.0)
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
async fn current(client: Client, key: Vec<u8>) -> Result<Revision, Error> {
    let answer = range(&client, &key, &GetOptions::new().with_count_only(), 0).await?;
    Ok(client.see(answer.header.as_ref()))
}

pub(super) async fn range(
    client: &Client,
    key: &[u8],
    options: &GetOptions,
    at: Revision,
) -> Result<PbRangeResponse, Error> {
    let call = client.call(at, |member| {
        let (mut kv, options) = (member.kv.clone(), options.clone());
        async move { kv.get(key, Some(options)).await }
    });
    Ok(call.await?.0)
}

impl Etcd {
    /// Reads at `at`, 0 being the newest revision; also gives the revision that was read.
    pub(super) async fn range(
        &self,
        key: &[u8],
        options: GetOptions,
        at: Revision,
    ) -> Result<(PbRangeResponse, Revision), Error> {
        let options = options.with_revision(number(at));
        let answer = range(&self.client, key, &options, at).await?;
        let newest = self.client.see(answer.header.as_ref());
        Ok((answer, if at == 0 { newest } else { at }))
    }

    /// Does `success` if the key's revision is `expected`; 0: if there is no such key.
    async fn write(&self, key: &str, expected: Revision, success: Change) -> Result<Update, Error> {
        match self.is_wary {
            true => self.write_warily(key, expected, success).await,
            false => self.attempt(key, expected, success).await,
        }
    }

    /// The same, in one question.
    pub(super) async fn attempt(
        &self,
        key: &str,
        expected: Revision,
        success: Change,
    ) -> Result<Update, Error> {
        let key = self.prefix.checked(key)?;
        let call = self.client.call(0, |member| {
            let txn = Txn::new()
                .when([Compare::mod_revision(key.as_slice(), CompareOp::Equal, number(expected))])
                .and_then([match &success {
                    Change::Put(value) => TxnOp::put(key.as_slice(), value.clone(), None),
                    Change::Delete => TxnOp::delete(key.as_slice(), None),
                }])
                .or_else([TxnOp::get(key.as_slice(), None)]);
            let mut kv = member.kv.clone();
            async move { kv.txn(txn).await }
        });
        let answer = call.await?.0;
        let newest = self.client.see(answer.header.as_ref());
        if answer.succeeded {
            return Ok(Update::Done(newest));
        }
        let found = answer.responses.into_iter().find_map(|operation| match operation.response? {
            PbTxnOpResponse::ResponseRange(range) => range.kvs.into_iter().next(),
            _ => None,
        });
        Ok(Update::Conflict(found.map(|kv| self.prefix.key_value(kv)).transpose()?))
    }

    /// [`Etcd::write`] for a key that must be there. Revision 0, which no key has, would mean the contrary.
    async fn rewrite(&self, key: &str, expected: Revision, success: Change) -> Result<Update, Error> {
        if expected == 0 {
            return Ok(Update::Conflict(self.get(key, ReadAt::Latest).await?.0));
        }
        self.write(key, expected, success).await
    }

    /// One listing at one revision, in as many requests as it takes.
    async fn pages(&self, start: &str, end: &str, limit: usize, at: Revision) -> Result<Page, Error> {
        let wanted = if limit == 0 { usize::MAX } else { limit };
        let mut page = Page { items: Vec::new(), revision: at, more: true };
        let mut start = self.prefix.bound(start);
        let range_end = self.prefix.bound(end);
        while page.more && page.items.len() < wanted {
            let limit = PAGE.min(wanted - page.items.len());
            let options = GetOptions::new()
                .with_range(range_end.as_slice())
                .with_limit(i64::try_from(limit).unwrap_or(i64::MAX));
            let (answer, revision) = self.range(&start, options, page.revision).await?;
            page.revision = revision;
            page.more = answer.more;
            if let Some(last) = answer.kvs.last() {
                start = [&last.key[..], b"\0"].concat();
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
        let (key, exact) = (self.prefix.checked(key)?, self.resolve(at)?);
        let (answer, revision) = self.range(&key, GetOptions::new(), exact).await?;
        let found = answer.kvs.into_iter().next().map(|kv| self.prefix.key_value(kv)).transpose()?;
        Ok((found, revision))
    }

    async fn list(&self, prefix: &str, start: Option<&str>, limit: usize, at: ReadAt) -> Result<Page, Error> {
        key::check_prefix(prefix)?;
        let (start, end) = (key::start(prefix, start), key::end(prefix));
        let exact = self.resolve(at)?;
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
        check_size(value.len())?;
        self.write(key, 0, Change::Put(value)).await
    }

    async fn update(&self, key: &str, value: Bytes, expected: Revision) -> Result<Update, Error> {
        check_size(value.len())?;
        self.rewrite(key, expected, Change::Put(value)).await
    }

    async fn delete(&self, key: &str, expected: Revision) -> Result<Update, Error> {
        self.rewrite(key, expected, Change::Delete).await
    }

    async fn watch(&self, prefix: &str, after: Revision) -> Result<WatchStream, Error> {
        key::check_prefix(prefix)?;
        let (client, wanted) = (self.client.clone(), self.progress.subscribe());
        Ok(watch::watch(client, self.is_wary, self.prefix.clone(), prefix, after, wanted))
    }

    async fn request_progress(&self) -> Result<(), Error> {
        self.progress.ask(self.client.seen());
        Ok(())
    }

    async fn compact(&self, revision: Revision) -> Result<(), Error> {
        let call = self.client.call(revision, |member| {
            let mut kv = member.kv.clone();
            async move { kv.compact(number(revision), None).await }
        });
        match call.await {
            // Another replica was first.
            Ok(_) | Err(Error::Compacted { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }

    async fn size(&self) -> Result<Option<u64>, Error> {
        Ok(u64::try_from(status(&self.client).await?.db_size).ok())
    }
}

impl Etcd {
    /// The revision to ask etcd for, to which 0 means the newest.
    fn resolve(&self, at: ReadAt) -> Result<Revision, Error> {
        match at {
            ReadAt::Latest => Ok(0),
            ReadAt::Exactly(0) => Err(self.client.compacted(0, 0)),
            ReadAt::Exactly(revision) => Ok(revision),
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
