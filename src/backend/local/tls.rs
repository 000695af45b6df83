//! Serving certificates: the caller's own, or one signed by the CA of the data root.

use super::account::{Account, Readers};
use super::desired::Certificate;
use super::error::Error;
use super::file;
use super::layout::Layout;
use crate::backend::postgresql::{Authority, Issued, Secret, check_certificate};

/// How servers are reached.
const NAMES: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

/// Signs a certificate with the CA of the data root, which is made when there is none.
pub(super) fn issue(layout: &Layout, account: &Account, name: &str) -> Result<Issued, Error> {
    Ok(authority(layout, account)?.issue(name, NAMES.map(str::to_owned).to_vec())?)
}

/// The same as what a caller gives.
pub(super) fn certificate(issued: &Issued) -> Certificate {
    Certificate { chain: issued.chain.clone(), key: issued.key.clone(), ca: Some(issued.ca.clone()) }
}

/// Refuses a caller's certificate that PostgreSQL could not serve.
pub(super) fn check(certificate: &Certificate) -> Result<(), Error> {
    check_certificate(&certificate.chain, &certificate.key).map_err(Error::InvalidCertificate)
}

/// The CA of the data root.
fn authority(layout: &Layout, account: &Account) -> Result<Authority, Error> {
    let (cert_file, key_file) = (layout.ca().join("ca.crt"), layout.ca().join("ca.key"));
    let read = |path: &std::path::Path| file::read_text(path).map_err(Error::io("read", path));
    if cert_file.exists() {
        return Ok(Authority { certificate: read(&cert_file)?, key: Secret::new(read(&key_file)?) });
    }
    let made = Authority::generate("databases.standard.k8s.io local PostgreSQL")?;
    account.write(&key_file, made.key.expose().as_bytes(), Readers::Us)?;
    account.write(&cert_file, made.certificate.as_bytes(), Readers::Us)?;
    Ok(made)
}
