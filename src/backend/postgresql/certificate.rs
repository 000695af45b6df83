//! Serving certificates: signed by an authority of ours, or given by somebody.

use super::Secret;
use jiff::{Timestamp, ToSpan, civil::Date, tz::TimeZone};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, Error, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use serde::{Deserialize, Serialize};
use x509_parser::prelude::{FromDer, Validity, X509Certificate};

/// For how long an authority, and what it signs, is valid, in years.
const AUTHORITY_YEARS: i32 = 20;
const LEAF_YEARS: i32 = 1;
/// How long before its end a certificate is replaced.
const RENEW_DAYS: i64 = 60;

/// Who signs certificates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::backend) struct Authority {
    /// Its certificate, PEM.
    pub(in crate::backend) certificate: String,
    pub(in crate::backend) key: Secret,
}

/// A certificate of ours.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::backend) struct Issued {
    pub(in crate::backend) chain: String,
    pub(in crate::backend) key: Secret,
    /// The certificate of who signed it.
    pub(in crate::backend) ca: String,
    /// When to replace it, in seconds since 1970.
    pub(in crate::backend) renew_at: i64,
}

impl Authority {
    /// A new one of that name.
    pub(in crate::backend) fn generate(name: &str) -> Result<Self, Error> {
        let mut params = CertificateParams::new(Vec::new())?;
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        validity(&mut params, AUTHORITY_YEARS);
        let key = KeyPair::generate()?;
        let certificate = params.self_signed(&key)?.pem();
        Ok(Authority { certificate, key: Secret::new(key.serialize_pem()) })
    }

    /// Signs a certificate for a server that is reached by these names and addresses.
    pub(in crate::backend) fn issue(&self, server: &str, names: Vec<String>) -> Result<Issued, Error> {
        let issuer = Issuer::from_ca_cert_pem(&self.certificate, KeyPair::from_pem(self.key.expose())?)?;
        let mut params = CertificateParams::new(names)?;
        params.distinguished_name.push(DnType::CommonName, server);
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        let end = validity(&mut params, LEAF_YEARS);
        let key = KeyPair::generate()?;
        let chain = params.signed_by(&key, &issuer)?.pem();
        let renew = end.saturating_sub(RENEW_DAYS.days());
        let renew_at = renew.to_zoned(TimeZone::UTC).map_or(0, |zoned| zoned.timestamp().as_second());
        Ok(Issued { chain, key: Secret::new(key.serialize_pem()), ca: self.certificate.clone(), renew_at })
    }
}

impl Issued {
    /// Whether it should be replaced by now.
    pub(in crate::backend) fn is_stale(&self) -> bool {
        Timestamp::now().as_second() >= self.renew_at
    }
}

/// Whether PostgreSQL could serve what a TLS Secret of somebody's has, and clients would take it; why not, and what to do. Which
/// names it is for is not looked at: who asks for no name (`sslmode=require`) may be all that there is.
pub(in crate::backend) fn check(chain: &str, key: &Secret) -> Result<(), String> {
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(chain.as_bytes()).collect();
    let chain = chain.map_err(|error| format!("tls.crt cannot be read as PEM: {error}"))?;
    let Some(first) = chain.first().cloned() else {
        return Err("tls.crt holds no PEM certificate".to_owned());
    };
    let key = PrivateKeyDer::from_pem_slice(key.expose().as_bytes()).map_err(|error| match error {
        pem::Error::NoItemsFound => {
            "tls.key holds no PEM private key (with a passphrase it cannot be read)".to_owned()
        }
        error => format!("tls.key cannot be read as PEM: {error}"),
    })?;
    let (_, certificate) = X509Certificate::from_der(&first)
        .map_err(|_| "tls.crt does not begin with an X.509 certificate".to_owned())?;
    let provider = rustls::crypto::aws_lc_rs::default_provider();
    CertifiedKey::from_der(chain, key, &provider).map_err(|error| match error {
        rustls::Error::InconsistentKeys(_) => "tls.key is not the key of tls.crt".to_owned(),
        error => format!("tls.crt and tls.key: {error}"),
    })?;
    is_current(certificate.validity(), Timestamp::now())
}

/// Whether clients take a certificate at that moment.
fn is_current(validity: &Validity, now: Timestamp) -> Result<(), String> {
    let (begin, end) = (validity.not_before.timestamp(), validity.not_after.timestamp());
    let said =
        |second| Timestamp::from_second(second).map_or_else(|_| second.to_string(), |at| at.to_string());
    let renew = "put one that is valid now, with its key, in its place";
    match now.as_second() {
        now if now > end => Err(format!("tls.crt ran out on {}: {renew}", said(end))),
        now if now < begin => Err(format!("tls.crt is not valid before {}: {renew}", said(begin))),
        _ => Ok(()),
    }
}

/// Makes it valid from yesterday, so that a clock a little behind accepts it, and gives its last day.
fn validity(params: &mut CertificateParams, years: i32) -> Date {
    let today = Timestamp::now().to_zoned(TimeZone::UTC).date();
    let moment = |date: Date| rcgen::date_time_ymd(date.year().into(), date.month() as u8, date.day() as u8);
    let end = today.saturating_add(years.years());
    params.not_before = moment(today.saturating_sub(1.day()));
    params.not_after = moment(end);
    end
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A certificate that is valid for these years, and its key.
    fn made(years: std::ops::Range<i32>) -> (String, Secret) {
        let mut params = CertificateParams::new(vec!["localhost".to_owned()]).expect("parameters");
        params.not_before = rcgen::date_time_ymd(years.start, 1, 1);
        params.not_after = rcgen::date_time_ymd(years.end, 1, 1);
        let key = KeyPair::generate().expect("a key");
        let certificate = params.self_signed(&key).expect("a certificate").pem();
        (certificate, Secret::new(key.serialize_pem()))
    }

    #[test]
    fn what_no_client_would_take_is_refused_with_what_to_do() {
        let (good, key) = made(2000..4000);
        assert_eq!(check(&good, &key), Ok(()));
        let (past, past_key) = made(2000..2001);
        let (future, future_key) = made(3000..3001);
        let (_, other) = made(2000..4000);
        let nothing = Secret::new("nothing");
        let broken = good.replacen("MII", "AAA", 1);
        for (chain, key, why) in [
            (&past, &past_key, "tls.crt ran out on 2001-01-01T00:00:00Z: put one that is valid now"),
            (&future, &future_key, "tls.crt is not valid before 3000-01-01T00:00:00Z: put one that"),
            (&good, &other, "tls.key is not the key of tls.crt"),
            (&good, &nothing, "tls.key holds no PEM private key"),
            (&"nothing".to_owned(), &key, "tls.crt holds no PEM certificate"),
            (&broken, &key, "tls.crt does not begin with an X.509 certificate"),
        ] {
            let said = check(chain, key).expect_err(why);
            assert!(said.starts_with(why), "{said}");
        }
    }

    #[test]
    fn a_certificate_runs_out_after_its_last_second() {
        let (chain, _) = made(2000..2001);
        let first = CertificateDer::from_pem_slice(chain.as_bytes()).expect("a certificate");
        let (_, certificate) = X509Certificate::from_der(&first).expect("a certificate");
        let end = certificate.validity().not_after.timestamp();
        let at = |second| Timestamp::from_second(second).expect("a moment");
        assert_eq!(is_current(certificate.validity(), at(end)), Ok(()));
        assert!(is_current(certificate.validity(), at(end + 1)).is_err());
    }
}
