//! Somebody who answers: where, in which words, and whose CPU that is.

use crate::client::{Connection, Target};
use crate::error::Error;
use crate::process::cpu;
use crate::sample::Sample;
use crate::words::Words;
use std::time::{Duration, Instant};

/// So many requests share a connection, as they do in clients of Go.
pub const STREAMS: usize = 16;
/// How long the processes are looked at to say that they rest.
const WINDOW: Duration = Duration::from_millis(200);
/// What a process that rests may use within that: a kube-apiserver always does something.
const REST: Duration = Duration::from_millis(20);
/// After so long the cell begins in any case.
const PATIENCE: Duration = Duration::from_secs(5);

/// One who answers.
#[derive(Clone)]
pub struct Service {
    /// How it is reached.
    pub target: Target,
    /// How it is asked.
    pub words: Words,
    /// The process that is measured.
    pub process: u32,
    /// The kube-apiserver in front of it.
    pub front: Option<u32>,
    /// The etcd behind it.
    pub etcd: Option<u32>,
}

impl Service {
    /// So many connections that each carries at most [`STREAMS`] of the requests.
    pub async fn connect(&self, concurrency: usize) -> Result<Vec<Connection>, Error> {
        let mut connections = Vec::new();
        for _ in 0..concurrency.div_ceil(STREAMS) {
            connections.push(self.target.connect().await?);
        }
        Ok(connections)
    }

    /// Does the work once every process rests, and adds what each of them used.
    pub async fn measure(&self, work: impl Future<Output = Result<Sample, Error>>) -> Result<Sample, Error> {
        self.rest().await;
        let before = self.used();
        let sample = work.await?;
        let [own, front, etcd] = self.used();
        Ok(Sample { cpu: own - before[0], front: front - before[1], etcd: etcd - before[2], ..sample })
    }

    /// What the process, the one in front and the one behind have used.
    fn used(&self) -> [Duration; 3] {
        let used = |pid: Option<u32>| pid.map_or(Duration::ZERO, cpu);
        [Some(self.process), self.front, self.etcd].map(used)
    }

    /// What the cell before left to do, such as closing a thousand watches, is not the work of this one.
    async fn rest(&self) {
        let begin = Instant::now();
        let mut before = self.used();
        while begin.elapsed() < PATIENCE {
            tokio::time::sleep(WINDOW).await;
            let now = self.used();
            if now.iter().zip(before).all(|(now, before)| *now - before <= REST) {
                return;
            }
            before = now;
        }
    }
}
