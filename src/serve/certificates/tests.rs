use std::collections::BTreeMap;
use std::error::Error as _;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::*;
use crate::serve::verify_client;
use rcgen::{CertificateParams, ExtendedKeyUsagePurpose, Issuer, KeyPair};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

const URL: &str = "https://127.0.0.1:6443";

fn certificates(directory: &Path, names: &[&str]) -> Certificates {
    Certificates::new("databases", directory, names.iter().map(|name| (*name).to_owned()), URL)
}

fn contents(directory: &Path) -> BTreeMap<String, String> {
    let files = ["ca.crt", "ca.key", "server.crt", "server.key", "admin.crt", "admin.key", "../kubeconfig"];
    let read = |name: &str| fs::read_to_string(directory.join("pki").join(name)).unwrap();
    files.into_iter().map(|name| (name.to_owned(), read(name))).collect()
}

fn changed(before: &BTreeMap<String, String>, after: &BTreeMap<String, String>) -> Vec<String> {
    before.iter().filter(|(name, text)| after[*name] != **text).map(|(name, _)| name.clone()).collect()
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[test]
fn a_second_start_changes_nothing() {
    let directory = tempfile::tempdir().unwrap();
    certificates(directory.path(), &["db.example.org"]).ensure().unwrap();
    let before = contents(directory.path());
    let ensured = certificates(directory.path(), &["db.example.org"]).ensure().unwrap();
    assert_eq!(changed(&before, &contents(directory.path())), [""; 0]);
    Tls::new(ensured.tls_material().unwrap()).unwrap();
}

#[test]
fn the_administrator_is_a_master() {
    let directory = tempfile::tempdir().unwrap();
    let ensured = certificates(directory.path(), &[]).ensure().unwrap();
    let admin = CertificateDer::from_pem_file(directory.path().join("pki/admin.crt")).unwrap();
    let identity = verify_client(&[admin], &ensured.bundle().unwrap()).unwrap();
    assert_eq!(identity.common_name, "databases-admin");
    assert_eq!(identity.organizations, ["system:masters"]);
}

#[test]
fn a_serving_certificate_is_not_an_identity() {
    let directory = tempfile::tempdir().unwrap();
    let ensured = certificates(directory.path(), &[]).ensure().unwrap();
    let server = CertificateDer::from_pem_file(directory.path().join("pki/server.crt")).unwrap();
    verify_client(&[server], &ensured.bundle().unwrap()).unwrap_err();
}

#[test]
fn secrets_are_their_owners_alone() {
    let directory = tempfile::tempdir().unwrap();
    let ensured = certificates(directory.path(), &[]).ensure().unwrap();
    let key = directory.path().join("pki/ca.key");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).unwrap();
    fs::set_permissions(ensured.kubeconfig(), fs::Permissions::from_mode(0o644)).unwrap();
    certificates(directory.path(), &[]).ensure().unwrap();
    for name in ["pki/ca.key", "pki/server.key", "pki/admin.key", "kubeconfig"] {
        assert_eq!(mode(&directory.path().join(name)), 0o600, "{name}");
    }
    assert_eq!(mode(&directory.path().join("pki")), 0o700);
}

#[test]
fn other_names_renew_the_serving_certificate_only() {
    let directory = tempfile::tempdir().unwrap();
    certificates(directory.path(), &[]).ensure().unwrap();
    let before = contents(directory.path());
    certificates(directory.path(), &["10.1.2.3", "fe80::1"]).ensure().unwrap();
    let after = contents(directory.path());
    assert_eq!(changed(&before, &after), ["server.crt", "server.key"]);
    certificates(directory.path(), &["fe80:0::1", "10.1.2.3"]).ensure().unwrap();
    assert_eq!(changed(&after, &contents(directory.path())), [""; 0]);
}

#[test]
fn half_written_and_foreign_files_are_replaced() {
    let directory = tempfile::tempdir().unwrap();
    let foreign = tempfile::tempdir().unwrap();
    certificates(directory.path(), &[]).ensure().unwrap();
    certificates(foreign.path(), &[]).ensure().unwrap();
    let before = contents(directory.path());
    fs::write(directory.path().join("pki/server.crt"), &before["server.crt"][..100]).unwrap();
    fs::write(directory.path().join("pki/.admin.key.new"), "interrupted").unwrap();
    for name in ["admin.crt", "admin.key"] {
        fs::copy(foreign.path().join("pki").join(name), directory.path().join("pki").join(name)).unwrap();
    }
    certificates(directory.path(), &[]).ensure().unwrap();
    let changed = changed(&before, &contents(directory.path()));
    assert_eq!(changed, ["../kubeconfig", "admin.crt", "admin.key", "server.crt", "server.key"]);
}

#[test]
fn a_certificate_near_its_end_is_renewed() {
    let directory = tempfile::tempdir().unwrap();
    certificates(directory.path(), &[]).ensure().unwrap();
    let before = contents(directory.path());
    let authority = KeyPair::from_pem(&before["ca.key"]).unwrap();
    let issuer = Issuer::from_ca_cert_pem(&before["ca.crt"], authority).unwrap();
    let mut params = CertificateParams::new(OWN_NAMES.map(str::to_owned).to_vec()).unwrap();
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let server = KeyPair::from_pem(&before["server.key"]).unwrap();
    for (remaining, renewed) in [(90, false), (30, true)] {
        let end = authority::now() + Duration::from_secs(remaining * 24 * 60 * 60);
        params.not_after = rcgen::date_time_ymd(1970, 1, 1) + end;
        let certificate = params.signed_by(&server, &issuer).unwrap().pem();
        fs::write(directory.path().join("pki/server.crt"), &certificate).unwrap();
        certificates(directory.path(), &[]).ensure().unwrap();
        assert_eq!(contents(directory.path())["server.crt"] != certificate, renewed, "{remaining} days");
    }
}

#[test]
fn an_interrupted_first_start_is_completed() {
    let directory = tempfile::tempdir().unwrap();
    certificates(directory.path(), &[]).ensure().unwrap();
    let key = contents(directory.path())["ca.key"].clone();
    fs::remove_file(directory.path().join("pki/ca.crt")).unwrap();
    certificates(directory.path(), &[]).ensure().unwrap();
    assert_eq!(contents(directory.path())["ca.key"], key);
}

#[test]
fn the_authority_is_never_replaced_silently() {
    let directory = tempfile::tempdir().unwrap();
    certificates(directory.path(), &[]).ensure().unwrap();
    fs::write(directory.path().join("pki/ca.crt"), "garbage").unwrap();
    let error = certificates(directory.path(), &[]).ensure().unwrap_err();
    assert!(matches!(error, CertificatesError::AuthorityDamaged { .. }), "{error}");
    let (present, missing) = (directory.path().join("pki/ca.crt"), directory.path().join("pki/ca.key"));
    fs::write(present, contents(directory.path())["server.crt"].clone()).unwrap();
    fs::remove_file(&missing).unwrap();
    let error = certificates(directory.path(), &[]).ensure().unwrap_err();
    assert!(error.to_string().contains(&missing.display().to_string()), "{error}");
}

#[test]
fn a_file_in_the_folders_place_is_named() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("pki"), "a file").unwrap();
    let error = certificates(directory.path(), &[]).ensure().unwrap_err();
    assert!(error.to_string().contains("pki"), "{error}");
    assert!(error.source().is_some());
}

#[test]
fn a_name_that_is_none_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let error = certificates(directory.path(), &["grüße"]).ensure().unwrap_err();
    assert!(matches!(error, CertificatesError::Name { .. }), "{error}");
}

#[test]
fn the_kubeconfig_names_the_server_and_embeds_the_identity() {
    let directory = tempfile::tempdir().unwrap();
    let ensured = certificates(directory.path(), &[]).ensure().unwrap();
    let text = fs::read_to_string(ensured.kubeconfig()).unwrap();
    assert!(text.contains(r#"server: "https://127.0.0.1:6443""#), "{text}");
    assert!(text.contains("current-context: databases\n"), "{text}");
    let embedded = text.lines().filter(|line| line.contains("-data: ")).count();
    assert_eq!(embedded, 3);
}
