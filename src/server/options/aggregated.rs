//! Flags of `serve`.

use super::super::Error;
use super::{AuditFlags, Delegation, EncryptionFlags, Etcd, Work};
use crate::pipeline::{InFlightLimits, Options};
use crate::serve::{Limits, TlsFiles};
use clap::{Args, ValueEnum};
use databases_storage::engine;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What a cluster's configuration adds to admission, by the names of kube-apiserver's plugins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "PascalCase")]
pub(in crate::server) enum AdmissionPlugin {
    /// MutatingAdmissionPolicies with their bindings.
    MutatingAdmissionPolicy,
    /// MutatingWebhookConfigurations.
    MutatingAdmissionWebhook,
    /// Quotas of how many objects there may be.
    ResourceQuota,
    /// ValidatingAdmissionPolicies with their bindings.
    ValidatingAdmissionPolicy,
    /// ValidatingWebhookConfigurations.
    ValidatingAdmissionWebhook,
}

/// Flags of `serve`.
#[derive(Args, Debug)]
pub(in crate::server) struct Serve<F: Args, C: Args> {
    /// How to reach the cluster; without it, as a pod of the cluster.
    #[arg(long)]
    pub kubeconfig: Option<PathBuf>,

    /// The address to listen on.
    #[arg(long, default_value = "127.0.0.1")]
    pub bind_address: IpAddr,

    /// The port to listen on.
    #[arg(long, default_value_t = 8443)]
    pub secure_port: u16,

    /// The serving certificate, a PEM file, leaf first; for the name SERVICE.NAMESPACE.svc. It is read again when it changes.
    #[arg(long, requires = "tls_private_key_file")]
    pub tls_cert_file: Option<PathBuf>,

    /// The key of the serving certificate, a PEM file.
    #[arg(long, requires = "tls_cert_file")]
    pub tls_private_key_file: Option<PathBuf>,

    /// Who vouches for users.
    #[command(flatten)]
    pub delegation: Delegation,

    /// Where the embedded store, certificates of the server's own and all that is made here lie. Not needed with
    /// --etcd-servers and --tls-cert-file.
    #[arg(long)]
    pub data_dir: Option<PathBuf>,

    /// Names that a serving certificate of the server's own is for, such as SERVICE.NAMESPACE.svc.
    #[arg(long, value_delimiter = ',', conflicts_with = "tls_cert_file")]
    pub serving_names: Vec<String>,

    /// Where etcd is.
    #[command(flatten)]
    pub etcd: Etcd,

    /// How values are encrypted.
    #[command(flatten)]
    pub encryption: EncryptionFlags,

    /// What is recorded of requests.
    #[command(flatten)]
    pub audit: AuditFlags,

    /// How requests are worked on.
    #[command(flatten)]
    pub work: Work,

    /// What of the cluster's configuration does not hold for what is served here. Nothing of it is read then, and no right
    /// to read it is needed.
    #[arg(long, value_enum, value_delimiter = ',', value_name = "PLUGINS")]
    pub disable_admission_plugins: Vec<AdmissionPlugin>,

    /// Flags of the API.
    #[command(flatten)]
    pub own: F,

    /// Flags of the API for a cluster.
    #[command(flatten)]
    pub own_cluster: C,

    /// The namespace of the Lease that decides which replica runs controllers.
    #[arg(long, default_value = "default")]
    pub lease_namespace: String,

    /// How many seconds that Lease lasts when its holder has gone without giving it back.
    #[arg(long, default_value_t = 15)]
    pub lease_seconds: u64,

    /// How many requests that only read are worked on at once. As many wait for that, a quarter of their time; more are
    /// answered 429. Watches do not count.
    #[arg(long, default_value_t = 400, value_parser = clap::value_parser!(u32).range(1..))]
    pub max_requests_inflight: u32,

    /// How many requests that change something are worked on at once; likewise.
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..))]
    pub max_mutating_requests_inflight: u32,

    /// How many seconds the server goes on serving after a signal, so that everybody learns that it is about to end.
    #[arg(long, default_value_t = 0)]
    pub shutdown_delay_seconds: u64,

    /// How many seconds requests may take to finish when the server ends.
    #[arg(long, default_value_t = 30)]
    pub drain_seconds: u64,
}

impl<F: Args, C: Args> Serve<F, C> {
    pub(in crate::server) fn address(&self) -> SocketAddr {
        SocketAddr::new(self.bind_address, self.secure_port)
    }

    pub(in crate::server) fn limits(&self) -> Limits {
        Limits {
            shutdown_delay: Duration::from_secs(self.shutdown_delay_seconds),
            drain_timeout: Duration::from_secs(self.drain_seconds),
            ..Limits::default()
        }
    }

    /// How requests are treated.
    pub(in crate::server) fn pipeline(&self) -> Options {
        let in_flight = InFlightLimits {
            read_only: self.max_requests_inflight as usize,
            mutating: self.max_mutating_requests_inflight as usize,
        };
        Options { in_flight, ..Options::default() }
    }

    pub(in crate::server) fn engine(&self) -> Result<engine::Config, Error> {
        if !self.etcd.etcd_servers.is_empty() {
            return self.etcd.engine();
        }
        let data_dir =
            self.data_dir("an embedded store; or give --etcd-servers, as several replicas must")?;
        Ok(engine::Config::Redb(engine::redb::Config::new(data_dir.join("store.redb"))))
    }

    /// The data directory, which is needed for `what`.
    pub(in crate::server) fn data_dir(&self, what: &str) -> Result<&Path, Error> {
        self.data_dir.as_deref().ok_or_else(|| Error::Flags(format!("--data-dir is needed for {what}")))
    }

    /// The files of the serving certificate, if they are given.
    pub(in crate::server) fn tls_files(&self) -> Option<TlsFiles> {
        let (certificates, key) = (self.tls_cert_file.clone()?, self.tls_private_key_file.clone()?);
        Some(TlsFiles { certificates, key })
    }
}
