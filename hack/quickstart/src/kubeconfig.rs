//! The parts of a kubeconfig that are needed to connect.

use std::path::Path;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};
use serde::Deserialize;

use crate::{Error, Result};

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct File {
    clusters: Vec<NamedCluster>,
    users: Vec<NamedUser>,
}

#[derive(Deserialize)]
struct NamedCluster {
    cluster: Cluster,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Cluster {
    server: String,
    certificate_authority_data: String,
}

#[derive(Deserialize)]
struct NamedUser {
    user: User,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct User {
    client_certificate_data: Option<String>,
    client_key_data: Option<String>,
    token: Option<String>,
}

/// Where the first cluster of a kubeconfig is, and how its first user connects.
pub struct Kubeconfig {
    /// `host:port`.
    pub address: String,
    /// The trusted CA, and the client certificate if there is one.
    pub tls: ClientConfig,
    /// The bearer token, if there is one.
    pub token: Option<String>,
}

impl Kubeconfig {
    /// Reads `path`; only embedded (`…-data`) certificates are understood.
    pub fn read(path: &Path) -> Result<Self> {
        let text =
            std::fs::read_to_string(path).map_err(|source| Error::Read { path: path.to_owned(), source })?;
        parse(&text).map_err(|reason| Error::Malformed { path: path.to_owned(), reason })
    }
}

fn parse(text: &str) -> Result<Kubeconfig, String> {
    let file: File = serde_saphyr::from_str(text).map_err(|error| error.to_string())?;
    let cluster = file.clusters.into_iter().next().ok_or("it names no cluster")?.cluster;
    let user = file.users.into_iter().next().ok_or("it names no user")?.user;
    let address = cluster.server.strip_prefix("https://").ok_or("its server is not an https:// address")?;
    let mut roots = RootCertStore::empty();
    for certificate in certificates(&cluster.certificate_authority_data)? {
        roots.add(certificate).map_err(|error| error.to_string())?;
    }
    let builder = ClientConfig::builder().with_root_certificates(roots);
    let tls = match (&user.client_certificate_data, &user.client_key_data) {
        (Some(chain), Some(key)) => builder
            .with_client_auth_cert(certificates(chain)?, private_key(key)?)
            .map_err(|error| error.to_string())?,
        _ => builder.with_no_client_auth(),
    };
    Ok(Kubeconfig { address: address.trim_end_matches('/').to_owned(), tls, token: user.token })
}

fn decode(data: &str) -> Result<Vec<u8>, String> {
    BASE64_STANDARD.decode(data).map_err(|error| error.to_string())
}

fn certificates(data: &str) -> Result<Vec<CertificateDer<'static>>, String> {
    CertificateDer::pem_slice_iter(&decode(data)?)
        .collect::<Result<_, _>>()
        .map_err(|error| error.to_string())
}

fn private_key(data: &str) -> Result<PrivateKeyDer<'static>, String> {
    PrivateKeyDer::from_pem_slice(&decode(data)?).map_err(|error| error.to_string())
}
