//! The certificates the authority issues.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use rcgen::{CertificateParams, DnType, ExtendedKeyUsagePurpose, Issuer, KeyPair, KeyUsagePurpose};
use rustls::RootCertStore;
use rustls::client::WebPkiServerVerifier;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{FromDer, X509Certificate};

use super::Pair;
use super::authority::{belongs, now, set_validity};
use super::error::CertificatesError;
use crate::serve::client_certificate::{CaBundle, verify_client};
use crate::serve::tls::provider;

/// How long a certificate lives.
const LIFETIME: Duration = Duration::from_secs(365 * 24 * 60 * 60);
/// How long before its end a certificate is issued anew.
const RENEWAL: Duration = Duration::from_secs(60 * 24 * 60 * 60);
/// The group that may do everything.
const MASTERS: &str = "system:masters";

/// What a certificate is for.
#[derive(Debug)]
pub(super) enum Purpose<'a> {
    /// To serve an API under these names.
    Server(&'a str, &'a [String]),
    /// To be the administrator of an API.
    Administrator(&'a str),
}

/// The administrator's name.
pub(super) fn administrator(api: &str) -> String {
    format!("{api}-admin")
}

impl Purpose<'_> {
    /// The files of the certificate and of its key.
    pub(super) fn files(&self) -> [&'static str; 2] {
        match self {
            Self::Server(..) => ["server.crt", "server.key"],
            Self::Administrator(_) => ["admin.crt", "admin.key"],
        }
    }
}

/// Issues a certificate with a new key.
pub(super) fn issue(issuer: &Issuer<'_, KeyPair>, purpose: &Purpose<'_>) -> Result<Pair, CertificatesError> {
    let key = KeyPair::generate()?;
    let mut params = match purpose {
        Purpose::Server(_, names) => CertificateParams::new(names.to_vec())
            .map_err(|_| CertificatesError::Name { names: names.to_vec() })?,
        Purpose::Administrator(_) => CertificateParams::new(Vec::new())?,
    };
    let (name, usage) = match purpose {
        Purpose::Server(api, _) => (format!("{api}-apiserver"), ExtendedKeyUsagePurpose::ServerAuth),
        Purpose::Administrator(api) => (administrator(api), ExtendedKeyUsagePurpose::ClientAuth),
    };
    params.distinguished_name.push(DnType::CommonName, name);
    if let Purpose::Administrator(_) = purpose {
        params.distinguished_name.push(DnType::OrganizationName, MASTERS);
    }
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![usage];
    params.use_authority_key_identifier_extension = true;
    set_validity(&mut params, LIFETIME);
    let certificate = params.signed_by(&key, issuer)?;
    Ok(Pair { certificate: certificate.pem(), key: key.serialize_pem() })
}

/// Whether the certificate is of this authority, for this purpose and key, and far from its end.
pub(super) fn is_good(pair: &Pair, purpose: &Purpose<'_>, authority: &str) -> bool {
    let Ok(certificate) = CertificateDer::from_pem_slice(pair.certificate.as_bytes()) else { return false };
    let Ok((_, parsed)) = X509Certificate::from_der(&certificate) else { return false };
    let Ok(key) = KeyPair::from_pem(&pair.key) else { return false };
    let end = u64::try_from(parsed.validity().not_after.timestamp()).unwrap_or(0);
    let far_from_end = Duration::from_secs(end) > now() + RENEWAL;
    let fits = match purpose {
        Purpose::Server(_, names) => is_server_of(&certificate, authority) && has_names(&parsed, names),
        Purpose::Administrator(api) => is_administrator_of(api, &certificate, authority),
    };
    far_from_end && belongs(&parsed, &key) && fits
}

fn is_administrator_of(api: &str, certificate: &CertificateDer<'_>, authority: &str) -> bool {
    let Ok(bundle) = CaBundle::from_pem(authority.as_bytes()) else { return false };
    let identity = verify_client(std::slice::from_ref(certificate), &bundle);
    identity.is_ok_and(|identity| {
        identity.common_name == administrator(api) && identity.organizations == [MASTERS]
    })
}

fn is_server_of(certificate: &CertificateDer<'_>, authority: &str) -> bool {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(CertificateDer::from_pem_slice(authority.as_bytes()));
    let Ok(verifier) = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider()).build()
    else {
        return false;
    };
    let Ok(name) = ServerName::try_from("localhost") else { return false };
    use rustls::client::danger::ServerCertVerifier;
    verifier.verify_server_cert(certificate, &[], &name, &[], UnixTime::now()).is_ok()
}

/// Whether the certificate has exactly these names.
fn has_names(certificate: &X509Certificate<'_>, names: &[String]) -> bool {
    let Ok(Some(alternatives)) = certificate.subject_alternative_name() else { return false };
    let present: BTreeSet<String> = alternatives.value.general_names.iter().filter_map(name).collect();
    let wanted = names.iter().map(|name| name.parse::<IpAddr>().map_or(name.clone(), |ip| ip.to_string()));
    present == wanted.collect()
}

fn name(name: &GeneralName<'_>) -> Option<String> {
    match name {
        GeneralName::DNSName(name) => Some((*name).to_owned()),
        GeneralName::IPAddress(bytes) => <[u8; 4]>::try_from(*bytes)
            .map(IpAddr::from)
            .or_else(|_| <[u8; 16]>::try_from(*bytes).map(IpAddr::from))
            .ok()
            .map(|ip| ip.to_string()),
        _ => None,
    }
}
