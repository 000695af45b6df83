//! Which of several replicas acts: the one that holds a Lease.
//!
//! A holder renews its lease and stops acting when it could not do so for a while that is shorter than the lease;
//! others take it over when it has not changed for the whole of its duration, by their own clock. So two never act at
//! once, as long as clocks run at about the same speed.

use super::{Cluster, Error};
use k8s_openapi::api::coordination::v1::{Lease, LeaseSpec};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{MicroTime, ObjectMeta};
use k8s_openapi::jiff::Timestamp;
use kube::api::{Api, PostParams};
use std::future::Future;
use std::time::Duration;
use tokio::time::{Instant, sleep, timeout, timeout_at};
use tokio_util::sync::CancellationToken;

/// The pace of an election.
#[derive(Clone, Copy, Debug)]
pub struct Timing {
    /// How long a lease lasts that is not renewed.
    pub lease: Duration,
    /// How long its holder may fail to renew it before it stops acting; less than `lease`.
    pub renew: Duration,
    /// How often it is renewed, or tried for.
    pub retry: Duration,
}

/// One candidate.
pub struct Election {
    api: Api<Lease>,
    named: PostParams,
    name: String,
    identity: String,
    timing: Timing,
    seen: Option<(LeaseSpec, Instant)>,
}

impl Election {
    /// A candidate for the Lease `name` that nobody else has the `identity` of.
    pub fn new(cluster: &Cluster, namespace: &str, name: &str, identity: String, timing: Timing) -> Self {
        let api = Api::namespaced(cluster.client.clone(), namespace);
        Election { api, named: cluster.named(), name: name.to_owned(), identity, timing, seen: None }
    }

    /// Does `work` whenever this candidate holds the lease, until `ended`; then gives the lease to whoever wants it.
    /// The token that `work` gets is cancelled when it must end; if it does not, it is dropped before the lease is.
    pub async fn run<F>(mut self, ended: CancellationToken, work: impl Fn(CancellationToken) -> F)
    where
        F: Future<Output = ()>,
    {
        while !ended.is_cancelled() {
            let begun = Instant::now();
            if self.hold().await {
                tracing::info!(identity = self.identity, lease = self.name, "this replica acts");
                self.act(begun, &ended, &work).await;
                tracing::info!(identity = self.identity, lease = self.name, "this replica acts no more");
            }
            tokio::select! {
                () = sleep(self.timing.retry) => {}
                () = ended.cancelled() => {}
            }
        }
    }

    /// Works while the lease is renewed.
    async fn act<F: Future<Output = ()>>(
        &mut self,
        begun: Instant,
        ended: &CancellationToken,
        work: &impl Fn(CancellationToken) -> F,
    ) {
        let stop = ended.child_token();
        let working = work(stop.clone());
        tokio::pin!(working);
        tokio::select! {
            () = &mut working => {}
            () = self.renew(begun) => {
                stop.cancel();
                let left = self.timing.lease.saturating_sub(self.timing.renew);
                if timeout(left, working).await.is_err() {
                    tracing::warn!("work was cut off, because another replica may hold the lease now");
                }
                return;
            }
        }
        if let Err(error) = self.release().await {
            tracing::warn!(%error, lease = self.name, "the lease was not given back; it expires by itself");
        }
    }

    /// Ready when the lease is lost, or was not renewed in time. What counts is when a renewal was begun: others see it
    /// later than that.
    async fn renew(&mut self, begun: Instant) {
        let mut deadline = begun + self.timing.renew;
        while timeout_at(deadline, sleep(self.timing.retry)).await.is_ok() {
            let begun = Instant::now();
            match timeout_at(deadline, self.hold()).await {
                Ok(true) => deadline = begun + self.timing.renew,
                Ok(false) if !self.is_of_another() => {}
                _ => return,
            }
        }
    }

    fn is_of_another(&self) -> bool {
        let holder = self.seen.as_ref().and_then(|(spec, _)| spec.holder_identity.as_deref());
        holder.is_some_and(|holder| !holder.is_empty() && holder != self.identity)
    }

    /// Takes or renews the lease; whether it is held now.
    async fn hold(&mut self) -> bool {
        match timeout(self.timing.renew, self.try_hold()).await {
            Ok(Ok(held)) => held,
            Ok(Err(error)) => {
                tracing::warn!(%error, lease = self.name, "the lease is neither taken nor renewed");
                false
            }
            Err(_) => false,
        }
    }

    async fn try_hold(&mut self) -> Result<bool, Error> {
        let now = MicroTime(Timestamp::now());
        let Some(mut lease) = self.api.get_opt(&self.name).await? else {
            let metadata = ObjectMeta { name: Some(self.name.clone()), ..ObjectMeta::default() };
            let lease = Lease { metadata, spec: Some(self.taken(&LeaseSpec::default(), now)) };
            return self.settle(self.api.create(&self.named, &lease).await);
        };
        let spec = lease.spec.take().unwrap_or_default();
        if self.seen.as_ref().is_none_or(|(seen, _)| *seen != spec) {
            self.seen = Some((spec.clone(), Instant::now()));
        }
        if self.is_of_another() && !self.is_expired(&spec) {
            return Ok(false);
        }
        lease.spec = Some(self.taken(&spec, now));
        self.settle(self.api.replace(&self.name, &self.named, &lease).await)
    }

    /// A lost race is no error.
    fn settle(&mut self, written: Result<Lease, kube::Error>) -> Result<bool, Error> {
        match written {
            Ok(lease) => {
                self.seen = Some((lease.spec.unwrap_or_default(), Instant::now()));
                Ok(true)
            }
            Err(kube::Error::Api(status)) if status.code == 409 => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    fn is_expired(&self, spec: &LeaseSpec) -> bool {
        let seconds = u64::try_from(spec.lease_duration_seconds.unwrap_or(0)).unwrap_or(0);
        self.seen.as_ref().is_some_and(|(_, since)| since.elapsed() >= Duration::from_secs(seconds))
    }

    /// The lease in this candidate's hands.
    fn taken(&self, before: &LeaseSpec, now: MicroTime) -> LeaseSpec {
        let mine = before.holder_identity.as_deref() == Some(&self.identity);
        let transitions = before.lease_transitions.unwrap_or(0);
        LeaseSpec {
            holder_identity: Some(self.identity.clone()),
            lease_duration_seconds: i32::try_from(self.timing.lease.as_secs()).ok(),
            acquire_time: if mine { before.acquire_time.clone() } else { Some(now.clone()) },
            renew_time: Some(now),
            lease_transitions: Some(if mine { transitions } else { transitions + 1 }),
            ..LeaseSpec::default()
        }
    }

    /// Leaves the lease to whoever asks next.
    async fn release(&mut self) -> Result<(), Error> {
        let Some(mut lease) = self.api.get_opt(&self.name).await? else { return Ok(()) };
        let spec = lease.spec.get_or_insert_default();
        if spec.holder_identity.as_deref() == Some(&self.identity) {
            spec.holder_identity = Some(String::new());
            spec.lease_duration_seconds = Some(1);
            self.settle(self.api.replace(&self.name, &self.named, &lease).await)?;
        }
        Ok(())
    }
}
