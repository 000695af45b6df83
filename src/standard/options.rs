//! Flags of the standard's own.

use crate::backend::{LocalPostgreSQL, local, remote};
use clap::Args;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

/// Flags of the standard's own, with and without a cluster.
#[derive(Args, Debug)]
pub struct Flags {
    /// Databases as processes of this machine.
    #[command(flatten)]
    pub local: Local,
    /// Backends that are programs of their own.
    #[command(flatten)]
    pub remote: Remote,
}

/// Databases as processes of this machine.
#[derive(Args, Debug)]
pub struct Local {
    /// Where PostgreSQL's versions are installed, one folder a major version.
    #[arg(long, default_value = "/usr/lib/postgresql")]
    pub postgresql_dir: PathBuf,

    /// The user PostgreSQL runs as when this server runs as root.
    #[arg(long, default_value = "postgres")]
    pub postgresql_user: String,

    /// Stop the databases of this machine when the server ends; else they run on and are taken up again.
    #[arg(long)]
    pub stop_instances_on_exit: bool,
}

/// What databases need to know in a cluster.
#[derive(Args, Debug)]
pub struct InCluster {
    /// Answer classes of this machine: run PostgreSQL as processes beside the server. Needs --data-dir.
    #[arg(long, requires = "data_dir")]
    pub local_backend: bool,

    /// The domain of the cluster's Services, which ends the host names in credentials. When not given: the one that the
    /// kubelet wrote into this pod's /etc/resolv.conf, else cluster.local.
    #[arg(long, value_name = "DOMAIN")]
    pub cluster_domain: Option<String>,
}

impl InCluster {
    /// The domain of the cluster's Services.
    pub(super) fn domain(&self) -> String {
        let given = self.cluster_domain.as_ref().map(|domain| domain.trim_matches('.').to_owned());
        given.unwrap_or_else(|| domain(&std::fs::read_to_string("/etc/resolv.conf").unwrap_or_default()))
    }
}

/// The domain of a cluster by the file that its kubelet wrote: it searches `NAMESPACE.svc.DOMAIN svc.DOMAIN DOMAIN`.
fn domain(resolv_conf: &str) -> String {
    let searched =
        resolv_conf.lines().filter_map(|line| line.strip_prefix("search ")).flat_map(str::split_whitespace);
    let found = searched.filter_map(|name| name.strip_prefix("svc.")).next_back();
    found.unwrap_or("cluster.local").trim_end_matches('.').to_owned()
}

/// Backends that are programs of their own.
#[derive(Args, Debug)]
pub struct Remote {
    /// A backend that is a program of its own, by the controller name that classes have, and where it listens: a socket,
    /// unix:///run/mine.sock, or https://host:port with the three files of --backend-tls-…. May be given several times.
    #[arg(long = "backend", value_name = "NAME=ADDRESS")]
    pub backends: Vec<Named>,

    /// The authorities that vouch for backends over https: certificates in PEM.
    #[arg(long, value_name = "FILE", requires_all = ["backend_tls_cert", "backend_tls_key"])]
    pub backend_tls_ca: Option<PathBuf>,

    /// The certificate by which backends over https know this server, in PEM.
    #[arg(long, value_name = "FILE", requires_all = ["backend_tls_ca", "backend_tls_key"])]
    pub backend_tls_cert: Option<PathBuf>,

    /// The key of that certificate, in PEM.
    #[arg(long, value_name = "FILE", requires_all = ["backend_tls_ca", "backend_tls_cert"])]
    pub backend_tls_key: Option<PathBuf>,
}

/// A backend by its controller name.
#[derive(Clone, Debug)]
pub struct Named {
    name: String,
    address: remote::Address,
}

impl FromStr for Named {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong =
            || format!("{text:?} must be NAME=ADDRESS, as example.com/postgresql=unix:///run/mine.sock");
        let (name, address) = text.split_once('=').ok_or_else(wrong)?;
        let (domain, path) = name.split_once('/').ok_or_else(wrong)?;
        if domain.is_empty() || path.is_empty() {
            return Err(wrong());
        }
        Ok(Named { name: name.to_owned(), address: address.parse()? })
    }
}

impl Remote {
    /// The backends to be reached. Nothing is reached for it.
    pub(super) fn options(&self) -> Result<Vec<remote::Options>, String> {
        let files =
            (self.backend_tls_ca.clone(), self.backend_tls_cert.clone(), self.backend_tls_key.clone());
        let tls = match files {
            (Some(ca), Some(certificate), Some(key)) => Some(remote::Tls { ca, certificate, key }),
            _ => None,
        };
        let option = |Named { name, address }: &Named| match address {
            remote::Address::Https { .. } if tls.is_none() => Err(format!(
                "the backend at {address} needs --backend-tls-ca, --backend-tls-cert and --backend-tls-key: \
                 both sides say who they are"
            )),
            _ => Ok(remote::Options { name: name.clone(), address: address.clone(), tls: tls.clone() }),
        };
        self.backends.iter().map(option).collect()
    }
}

/// Where the databases of this machine are below a data directory.
pub(super) fn instances(data_dir: &Path) -> PathBuf {
    data_dir.join("instances")
}

impl Local {
    /// Opens the backend, with its instances below the data directory.
    pub(super) async fn open(&self, data_dir: &Path) -> Result<Arc<LocalPostgreSQL>, local::Error> {
        let (packages, user) = (self.postgresql_dir.clone(), self.postgresql_user.clone());
        let options = local::Options { packages, user, ..local::Options::default() };
        let opened = LocalPostgreSQL::open(instances(data_dir), options, self.stop_instances_on_exit);
        Ok(Arc::new(opened.await?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn remote(backend: &str) -> Result<Vec<remote::Options>, String> {
        let (backend_tls_ca, backend_tls_cert, backend_tls_key) = (None, None, None);
        let backends = vec![backend.parse()?];
        Remote { backends, backend_tls_ca, backend_tls_cert, backend_tls_key }.options()
    }

    #[test]
    fn the_clusters_domain_is_what_its_pods_search() {
        let file = "search shop.svc.k8s.example.com svc.k8s.example.com k8s.example.com example.com\nnameserver 10.96.0.10\n";
        assert_eq!(domain(file), "k8s.example.com");
        assert_eq!(domain("nameserver 1.1.1.1\nsearch example.com\n"), "cluster.local");
    }

    #[test]
    fn a_backend_is_a_name_and_an_address() {
        let right = remote("example.com/postgresql=unix:///run/mine.sock").unwrap();
        assert_eq!((right[0].name.as_str(), right.len()), ("example.com/postgresql", 1));
        for wrong in
            ["", "unix:///run/mine.sock", "example.com=unix:///run/mine.sock", "/x=unix:///run/mine.sock"]
        {
            assert!(remote(wrong).unwrap_err().contains("must be NAME=ADDRESS"), "{wrong}");
        }
        assert!(remote("example.com/x=/run/mine.sock").unwrap_err().contains("must be unix:///"));
        assert!(remote("example.com/x=https://db:1").unwrap_err().contains("--backend-tls-ca"));
    }
}
