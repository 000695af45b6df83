//! Authorities, and the certificates and kubeconfigs they give out.
//!
//! Three authorities, as a cluster should have: one for what serves, one for clients, and one for
//! the front proxy alone, so that no client certificate can speak for somebody else.

use std::fs::{DirBuilder, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose,
};
use serde_json::json;

use crate::{Error, Result};

/// The name the control plane shows to aggregated servers when it speaks for a user.
pub const FRONT_PROXY: &str = "front-proxy-client";

/// The object identifier of `O`: rcgen keeps one value per type, this one is a type of its own.
const ORGANIZATION: [u64; 4] = [2, 5, 4, 10];

/// A certificate and its key, both as PEM.
#[derive(Clone)]
pub struct Pair {
    /// The certificate.
    pub certificate: String,
    /// Its private key.
    pub key: String,
}

/// The files of a [`Pair`].
#[derive(Clone, Debug)]
pub struct PairFiles {
    /// The certificate.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

impl Pair {
    /// Writes `NAME.crt` and `NAME.key` into `folder`.
    pub fn write(&self, folder: &Path, name: &str) -> Result<PairFiles> {
        let certificate = write(folder.join(format!("{name}.crt")), &self.certificate)?;
        let key = write(folder.join(format!("{name}.key")), &self.key)?;
        Ok(PairFiles { certificate, key })
    }
}

/// A certificate authority.
pub struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

impl Authority {
    /// A new one.
    pub fn new(common_name: &str) -> Result<Self> {
        let mut params = CertificateParams::new(Vec::new())?;
        params.distinguished_name.push(DnType::CommonName, common_name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        Ok(Self { issuer: CertifiedIssuer::self_signed(params, KeyPair::generate()?)? })
    }

    /// Its own certificate, as PEM.
    pub fn pem(&self) -> String {
        self.issuer.pem()
    }

    /// A serving certificate for DNS names and IP addresses.
    pub fn serving(&self, names: &[&str]) -> Result<Pair> {
        let mut params =
            CertificateParams::new(names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>())?;
        params.distinguished_name.push(DnType::CommonName, names.first().copied().unwrap_or("server"));
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        self.issue(params)
    }

    /// A client certificate of a user who is in at most two groups.
    pub fn client(&self, user: &str, groups: &[&str]) -> Result<Pair> {
        self.client_until(user, groups, 2099)
    }

    /// A client certificate that ended, or will end, with the first day of `year`.
    pub fn client_until(&self, user: &str, groups: &[&str], year: i32) -> Result<Pair> {
        let mut params = CertificateParams::new(Vec::new())?;
        params.distinguished_name.push(DnType::CommonName, user);
        let types = [DnType::OrganizationName, DnType::CustomDnType(ORGANIZATION.to_vec())];
        if groups.len() > types.len() {
            return Err(Error::Groups(groups.iter().map(|group| (*group).to_owned()).collect()));
        }
        for (kind, group) in types.into_iter().zip(groups) {
            params.distinguished_name.push(kind, *group);
        }
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        params.not_before = rcgen::date_time_ymd(2020, 1, 1);
        params.not_after = rcgen::date_time_ymd(year, 1, 1);
        self.issue(params)
    }

    fn issue(&self, mut params: CertificateParams) -> Result<Pair> {
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        let key = KeyPair::generate()?;
        let certificate = params.signed_by(&key, &self.issuer)?.pem();
        Ok(Pair { certificate, key: key.serialize_pem() })
    }
}

/// The three authorities of one control plane, and the folder their files are in.
pub struct Pki {
    /// The folder.
    pub folder: PathBuf,
    /// Signs what serves: kube-apiserver, and whatever is aggregated behind it.
    pub serving: Authority,
    /// Signs clients.
    pub clients: Authority,
    /// Signs the front proxy.
    pub front_proxy: Authority,
}

impl Pki {
    /// New authorities; their certificates are `serving-ca.crt`, `client-ca.crt` and
    /// `front-proxy-ca.crt` in `folder`.
    pub fn new(folder: PathBuf) -> Result<Self> {
        let made = DirBuilder::new().recursive(true).mode(0o700).create(&folder);
        made.map_err(|source| Error::Write { path: folder.clone(), source })?;
        let serving = Authority::new("serving")?;
        let clients = Authority::new("clients")?;
        let front_proxy = Authority::new("front-proxy")?;
        for (name, authority) in
            [("serving-ca", &serving), ("client-ca", &clients), ("front-proxy-ca", &front_proxy)]
        {
            write(folder.join(format!("{name}.crt")), &authority.pem())?;
        }
        Ok(Self { folder, serving, clients, front_proxy })
    }

    /// The path of a file in the folder.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// A kubeconfig for the server at `address`, which connects as `client`.
    pub fn kubeconfig(&self, address: &str, client: &Pair) -> String {
        let data = |pem: &str| BASE64_STANDARD.encode(pem);
        let file = json!({
            "apiVersion": "v1", "kind": "Config", "current-context": "local",
            "clusters": [{"name": "local", "cluster": {
                "server": format!("https://{address}"),
                "certificate-authority-data": data(&self.serving.pem()),
            }}],
            "users": [{"name": "local", "user": {
                "client-certificate-data": data(&client.certificate),
                "client-key-data": data(&client.key),
            }}],
            "contexts": [{"name": "local", "context": {"cluster": "local", "user": "local"}}],
        });
        format!("{file:#}\n")
    }
}

/// Writes a file that only its owner may read, and gives its path back.
pub(crate) fn write(path: PathBuf, text: &str) -> Result<PathBuf> {
    let file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&path);
    match file.and_then(|mut file| file.write_all(text.as_bytes())) {
        Ok(()) => Ok(path),
        Err(source) => Err(Error::Write { path, source }),
    }
}

#[cfg(test)]
mod tests {
    use x509_parser::pem::parse_x509_pem;

    use super::*;

    fn subject(pair: &Pair) -> String {
        let (_, pem) = parse_x509_pem(pair.certificate.as_bytes()).unwrap();
        pem.parse_x509().unwrap().subject().to_string()
    }

    #[test]
    fn a_client_is_a_user_in_groups() {
        let authority = Authority::new("clients").unwrap();
        let pair = authority.client("jane", &["readers", "writers"]).unwrap();
        assert_eq!(subject(&pair), "CN=jane, O=readers, O=writers");
        assert_eq!(subject(&authority.client("nobody", &[]).unwrap()), "CN=nobody");
    }

    #[test]
    fn more_groups_than_fit_are_refused() {
        let authority = Authority::new("clients").unwrap();
        let error = authority.client("jane", &["a", "b", "c"]).map(|_| ()).unwrap_err();
        assert!(error.to_string().contains("at most two"), "{error}");
    }
}
