//! This server and upstream's sample-apiserver in a control plane: directly, through its kube-apiserver, and beside a
//! custom resource of the same shape. Everything is in one etcd.

mod custom;
mod stage;

use crate::cell::Cell;
use crate::error::Error;
use crate::options::Options;
use crate::peer::Peer;
use crate::sample::{Results, Sample};
use crate::service::Service;
use crate::setting::Setting;
use crate::workload::Workload;
use controlplane::Programs;
use stage::Stage;
use std::collections::BTreeMap;

/// So many objects are created in a second of a cell at most, so that the stores of all grow alike.
const CREATIONS: f64 = 2000.0;

/// What the report says besides the figures.
#[derive(Clone, Debug)]
pub enum Facts {
    /// It was measured.
    Measured {
        /// What kube-apiserver calls itself.
        version: String,
        /// How many bytes an object has as it is served: ours, a Flunder, a custom resource.
        sizes: [usize; 3],
        /// Resident memory after the last round: ours, sample-apiserver, kube-apiserver.
        resident: [u64; 3],
    },
    /// A program is absent: which, and what builds it.
    Skipped(String),
}

/// Measures all that is chosen; nothing where nothing is.
pub async fn measure(options: &Options, results: &mut Results) -> Result<Option<Facts>, Error> {
    if Setting::ControlPlane.chosen(options).is_empty() {
        return Ok(None);
    }
    let programs = match Programs::find() {
        Ok(programs) => Programs { etcd: options.etcd.clone().unwrap_or(programs.etcd), ..programs },
        Err(missing) => {
            eprintln!("SKIPPED: the control plane, and all that is measured in it: {missing}");
            return Ok(Some(Facts::Skipped(missing.to_string())));
        }
    };
    eprintln!("starting a control plane");
    let mut stage = Stage::open(&programs, &options.server).await?;
    let sizes = stage.make_equal().await?;
    eprintln!("filling its servers with {} objects each", options.objects);
    stage.fill(options.objects).await?;
    let services = stage.services().await?;
    let cell = Cell::new(options, (options.seconds * CREATIONS) as u64);
    let measure = async |workload, peer| one(&cell, &services, workload, peer).await.map(Some);
    Setting::ControlPlane.measure(options, results, measure).await?;
    let (version, resident) = (stage.version().await?, stage.resident());
    Ok(Some(Facts::Measured { version, sizes, resident }))
}

async fn one(
    cell: &Cell,
    services: &BTreeMap<Peer, Service>,
    workload: Workload,
    peer: Peer,
) -> Result<Sample, Error> {
    let absent = || Error::Wrong(format!("{} is not in a control plane", peer.title()));
    workload.measure(cell, services.get(&peer).ok_or_else(absent)?).await
}
