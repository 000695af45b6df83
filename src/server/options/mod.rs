//! Flags of every server, and what follows from them. Defaults that name the API are set where the command line is made.

mod aggregated;
mod audit;
mod delegation;
mod standalone;

pub(super) use aggregated::{AdmissionPlugin, Serve};
pub(super) use audit::{AuditFlags, AuditMode};
pub(super) use standalone::Standalone;

use delegation::Delegation;

use super::Error;
use crate::endpoint::Settings;
use clap::Args;
use databases_storage::engine;
use std::path::PathBuf;

/// Where etcd is.
#[derive(Args, Debug)]
pub(in crate::server) struct Etcd {
    /// URLs of etcd's servers, separated by commas. Needs a server built with the feature `etcd`.
    #[arg(long, value_delimiter = ',')]
    pub etcd_servers: Vec<String>,

    /// The prefix of all keys in etcd.
    #[arg(long, default_value = "/registry")]
    pub etcd_prefix: String,

    /// The CA that etcd's certificate is verified with, a PEM file. It is read, like the next two, for each connection.
    #[arg(long)]
    pub etcd_cafile: Option<PathBuf>,

    /// The certificate to show to etcd, a PEM file.
    #[arg(long, requires = "etcd_keyfile")]
    pub etcd_certfile: Option<PathBuf>,

    /// The key of that certificate, a PEM file.
    #[arg(long, requires = "etcd_certfile")]
    pub etcd_keyfile: Option<PathBuf>,
}

/// How values are encrypted. Names are kube-apiserver's.
#[derive(Args, Debug, Default)]
pub(in crate::server) struct EncryptionFlags {
    /// An EncryptionConfiguration (apiserver.config.k8s.io/v1), which says how stored values are encrypted; with none they
    /// are stored as they are.
    #[arg(long, value_name = "FILE")]
    pub encryption_provider_config: Option<PathBuf>,

    /// Read that file again when it changes. One that cannot be used is told of, and the present one stays in use.
    #[arg(long, requires = "encryption_provider_config")]
    pub encryption_provider_config_automatic_reload: bool,
}

/// How requests are worked on. Names are kube-apiserver's.
#[derive(Args, Debug)]
pub(in crate::server) struct Work {
    /// How many objects are deleted at the same time when a collection is; with 1, one after another in the order of their
    /// names. The first that cannot be deleted ends it.
    #[arg(long, default_value_t = 16, value_parser = clap::value_parser!(u16).range(1..))]
    pub delete_collection_workers: u16,
}

impl Work {
    /// What an endpoint is told of it, and of the program.
    pub(in crate::server) fn endpoint(&self, build: String) -> Settings {
        Settings { build, delete_collection_workers: self.delete_collection_workers.into() }
    }
}

impl Etcd {
    fn engine(&self) -> Result<engine::Config, Error> {
        let mut config = engine::etcd::Config::new(self.etcd_servers.clone());
        config.prefix.clone_from(&self.etcd_prefix);
        if let Some(ca) = &self.etcd_cafile {
            let identity = self.etcd_certfile.clone().zip(self.etcd_keyfile.clone());
            config.tls = Some(engine::etcd::Tls { ca: ca.clone(), identity });
        } else if self.etcd_certfile.is_some() {
            return Err(Error::Flags("--etcd-certfile needs --etcd-cafile, to know the servers by".into()));
        }
        config.check().map_err(|unusable| Error::Flags(format!("{}: {unusable}", flag_of(&unusable))))?;
        self.check_files()?;
        Ok(engine::Config::Etcd(config))
    }

    fn check_files(&self) -> Result<(), Error> {
        for (flag, file) in [
            ("--etcd-cafile", &self.etcd_cafile),
            ("--etcd-certfile", &self.etcd_certfile),
            ("--etcd-keyfile", &self.etcd_keyfile),
        ] {
            if let Some((file, error)) =
                file.as_ref().and_then(|file| Some((file, std::fs::read(file).err()?)))
            {
                return Err(Error::Flags(format!("{flag}: {} cannot be read: {error}", file.display())));
            }
        }
        Ok(())
    }
}

/// The flag that says what cannot be used.
fn flag_of(unusable: &engine::etcd::Unusable) -> &'static str {
    use engine::etcd::Unusable;
    match unusable {
        Unusable::NoEndpoint | Unusable::Endpoint(_) => "--etcd-servers",
        Unusable::NoAuthority(_) => "--etcd-cafile",
        Unusable::Prefix(_) => "--etcd-prefix",
    }
}
