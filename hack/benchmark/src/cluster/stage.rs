//! The control plane with everybody in it, filled alike.

use super::custom;
use crate::client::Target;
use crate::content;
use crate::error::Error;
use crate::limit::{self, Answers, Tls};
use crate::peer::Peer;
use crate::process::{Process, resident};
use crate::server::free_port;
use crate::service::Service;
use crate::words::{Api, RAW, Words};
use bytes::Bytes;
use controlplane::databases::DatabasesServer;
use controlplane::sample::SampleServer;
use controlplane::{Aggregated, ControlPlane, Programs};
use hyper::Method;
use quickstart::kubeconfig::Kubeconfig;
use rustls::ClientConfig;
use std::collections::BTreeMap;
use std::path::Path;
use tempfile::TempDir;

/// The numbers of the objects whose sizes are looked at, beyond those of any cell.
const PROBES: [u64; 2] = [99_999_998, 99_999_999];

/// Everything that runs; it ends in this order.
pub(super) struct Stage {
    /// Who keeps objects: this server, sample-apiserver, and kube-apiserver with the custom resource.
    keepers: [Service; 3],
    raw: Option<Process>,
    ours: DatabasesServer,
    sample: SampleServer,
    plane: ControlPlane,
    tls: ClientConfig,
    front_port: u16,
    folder: TempDir,
}

impl Stage {
    /// Starts and registers everybody, empty.
    pub(super) async fn open(programs: &Programs, server: &Path) -> Result<Stage, Error> {
        let folder = tempfile::tempdir().map_err(|source| Error::file(Path::new("/tmp"), source))?;
        let mut plane = ControlPlane::start(programs, folder.path()).await?;
        let flags = vec!["--log=warn".to_owned()];
        let mut ours =
            DatabasesServer::spawn_with(&plane, server, "databases-apiserver", free_port(), flags).await?;
        ours.ready(&plane).await?;
        let sample = SampleServer::start(&plane).await?;
        for aggregated in [ours.registration(), sample.registration()] {
            plane.register(&aggregated, &plane.pki.serving.pem()).await?;
            plane.available(&aggregated).await?;
        }
        custom::define(plane.admin()).await?;
        // It would watch whatever is created here.
        plane.controller_manager = None;

        let kubeconfig = Kubeconfig::read(&plane.kubeconfig())?;
        let front_port = kubeconfig.address.rsplit(':').next().and_then(|port| port.parse().ok());
        let front_port = front_port.ok_or_else(|| Error::Wrong("kube-apiserver has no port".into()))?;
        let keeper = |api, port, process| {
            let (target, etcd) = (Target::new(port, kubeconfig.tls.clone()), Some(plane.etcd.pid()));
            Service { target, words: Words::of(api), process, front: None, etcd }
        };
        let keepers = [
            keeper(Api::Ours, ours.port, ours.process.pid()),
            keeper(Api::Flunders, sample.port, sample.process.pid()),
            keeper(Api::Custom, front_port, plane.apiserver.pid()),
        ];
        content::namespaces(&keepers[2].target).await?;
        content::class(&keepers[0]).await?;
        Ok(Stage { keepers, raw: None, ours, sample, plane, tls: kubeconfig.tls, front_port, folder })
    }

    /// Makes the objects of all as large as ours, and says how large they are as served.
    pub(super) async fn make_equal(&mut self) -> Result<[usize; 3], Error> {
        let wanted = size(&self.keepers[0], PROBES[0]).await?;
        for keeper in &mut self.keepers[1..] {
            keeper.words = keeper.words.padded(size(keeper, PROBES[0]).await?, wanted);
        }
        let mut sizes = [0; 3];
        for (size_of, keeper) in sizes.iter_mut().zip(&self.keepers) {
            *size_of = size(keeper, PROBES[1]).await?;
        }
        Ok(sizes)
    }

    /// Fills each with so many objects.
    pub(super) async fn fill(&self, objects: u64) -> Result<(), Error> {
        for keeper in &self.keepers {
            content::objects(keeper, objects).await?;
        }
        Ok(())
    }

    /// Everybody, directly and proxied; the limit of the proxy answers what this server does.
    pub(super) async fn services(&mut self) -> Result<BTreeMap<Peer, Service>, Error> {
        let raw = self.register_raw().await?;
        let [ours, sample, custom] = &self.keepers;
        Ok(BTreeMap::from([
            (Peer::Ours, ours.clone()),
            (Peer::Sample, sample.clone()),
            (Peer::ProxiedRaw, self.proxied(&raw)),
            (Peer::ProxiedOurs, self.proxied(ours)),
            (Peer::ProxiedSample, self.proxied(sample)),
            (Peer::Custom, custom.clone()),
        ]))
    }

    /// The same one through kube-apiserver.
    fn proxied(&self, service: &Service) -> Service {
        let target = Target::new(self.front_port, self.tls.clone());
        Service { target, front: Some(self.plane.apiserver.pid()), ..service.clone() }
    }

    async fn register_raw(&mut self) -> Result<Service, Error> {
        let answers = Answers::of(&self.keepers[0]).await?;
        let port = free_port();
        let aggregated =
            Aggregated { group: RAW, versions: &["v1"], namespace: "raw", service: "hyper", port };
        let pair = self.plane.serving(&aggregated)?;
        let tls = Tls { certificate: pair.certificate, key: pair.key, client: self.tls.clone() };
        let folder = self.folder.path().join("raw-hyper");
        let (process, service) = limit::start(&answers, tls, port, &folder).await?;
        self.raw = Some(process);
        self.plane.register(&aggregated, &self.plane.pki.serving.pem()).await?;
        self.plane.available(&aggregated).await?;
        Ok(service)
    }

    /// What kube-apiserver calls itself.
    pub(super) async fn version(&self) -> Result<String, Error> {
        let version = self.plane.admin().read("/version").await?;
        Ok(version["gitVersion"].as_str().unwrap_or_default().to_owned())
    }

    /// Resident memory of this server, sample-apiserver and kube-apiserver.
    pub(super) fn resident(&self) -> [u64; 3] {
        [&self.ours.process, &self.sample.process, &self.plane.apiserver]
            .map(|process| resident(process.pid()))
    }
}

/// How many bytes an object has as it is served.
async fn size(service: &Service, number: u64) -> Result<usize, Error> {
    let (mut connection, words) = (service.target.connect().await?, service.words);
    let collection = words.collection("created");
    content::create(&mut connection, &collection, words.object("created", number)).await?;
    let path = format!("{collection}/db-{number:08}");
    let object = connection.read(Method::GET, &path, Bytes::new()).await?;
    Ok(object.trim_ascii_end().len())
}
