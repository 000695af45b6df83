//! The certificates of a server that stands alone: its own authority, a serving certificate, and an administrator's
//! client certificate with the `kubeconfig` that uses it.
//!
//! `DIR/pki` holds `ca`, `server` and `admin`, each as `.crt` and `.key`; `DIR/kubeconfig` embeds what a client needs.
//! Keys and the kubeconfig are readable by their owner only. [`Certificates::ensure`] can be called at every start and
//! while serving: what is good stays as it is, what is missing, near its expiry, for other names or of another
//! authority is issued anew. The authority itself is never replaced, because clients trust it.

mod authority;
mod error;
mod files;
mod kubeconfig;
mod leaf;

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::client_certificate::CaBundle;
use super::shutdown::Shutdown;
use super::tls::{Tls, TlsMaterial};
use authority::Authority;
use files::Folder;
use leaf::Purpose;

pub use error::CertificatesError;

/// The names every serving certificate has.
const OWN_NAMES: [&str; 3] = ["localhost", "127.0.0.1", "::1"];
/// How often a serving process looks whether a certificate is near its expiry.
const RENEWAL_INTERVAL: Duration = Duration::from_secs(12 * 60 * 60);

/// Where the certificates are and what they are for.
#[derive(Clone, Debug)]
pub struct Certificates {
    api: &'static str,
    directory: PathBuf,
    names: Vec<String>,
    server: String,
}

/// Certificates that are good to serve with.
#[derive(Debug)]
pub struct Ensured {
    authority: String,
    server: Pair,
    kubeconfig: PathBuf,
}

/// A certificate and its key, in PEM.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Pair {
    certificate: String,
    key: String,
}

impl Certificates {
    /// Certificates in `directory` for the server of an API that clients reach at the URL `server`, by `localhost`, the loopback
    /// addresses and `names`.
    pub fn new(
        api: &'static str,
        directory: impl Into<PathBuf>,
        names: impl IntoIterator<Item = String>,
        server: impl Into<String>,
    ) -> Self {
        let mut names: Vec<String> = OWN_NAMES.map(str::to_owned).into_iter().chain(names).collect();
        names.sort();
        names.dedup();
        Self { api, directory: directory.into(), names, server: server.into() }
    }

    /// Reads the certificates and issues those that are not good.
    pub fn ensure(&self) -> Result<Ensured, CertificatesError> {
        let home = Folder::open(&self.directory)?;
        let pki = Folder::open(&self.directory.join("pki"))?;
        let authority = Authority::ensure(&pki, self.api)?;
        let server = authority.ensure_leaf(&pki, &Purpose::Server(self.api, &self.names))?;
        let admin = authority.ensure_leaf(&pki, &Purpose::Administrator(self.api))?;
        let text = kubeconfig::render(self.api, &self.server, authority.certificate(), &admin);
        home.write_if_changed("kubeconfig", &text)?;
        let kubeconfig = home.path("kubeconfig");
        Ok(Ensured { authority: authority.certificate().to_owned(), server, kubeconfig })
    }

    /// Renews the certificates while `tls` serves them, as `material` makes it of them, until the shutdown drains.
    pub async fn keep_fresh(
        self,
        tls: Tls,
        material: fn(&Ensured) -> Result<TlsMaterial, CertificatesError>,
        shutdown: Shutdown,
    ) {
        loop {
            tokio::select! {
                () = tokio::time::sleep(RENEWAL_INTERVAL) => {}
                () = shutdown.draining().cancelled() => return,
            }
            let renewed = self
                .ensure()
                .and_then(|ensured| tls.reload(material(&ensured)?).map_err(CertificatesError::from));
            if let Err(error) = renewed {
                tracing::error!(%error, "cannot renew certificates; the present ones stay in use");
            }
        }
    }
}

impl Ensured {
    /// What to serve TLS with; the authority is advertised for client certificates.
    pub fn tls_material(&self) -> Result<TlsMaterial, CertificatesError> {
        Ok(self.serving_material()?.accepting(&self.bundle()?))
    }

    /// What to serve TLS with, to clients with certificates of any authority.
    pub fn serving_material(&self) -> Result<TlsMaterial, CertificatesError> {
        Ok(TlsMaterial::from_pem(self.server.certificate.as_bytes(), self.server.key.as_bytes())?)
    }

    /// The bundle that vouches for the administrator's certificate.
    pub fn bundle(&self) -> Result<CaBundle, CertificatesError> {
        Ok(CaBundle::from_pem(self.authority.as_bytes())?)
    }

    /// The authority's certificate, in PEM.
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// The file that lets `kubectl` in as the administrator.
    pub fn kubeconfig(&self) -> &Path {
        &self.kubeconfig
    }
}

#[cfg(test)]
mod tests;
