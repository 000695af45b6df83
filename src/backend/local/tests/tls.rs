//! Encrypted connections.

use super::*;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use tokio_postgres_rustls::MakeRustlsConnect;

fn with_tls(mode: TlsMode, certificate: Option<Certificate>) -> Desired {
    Desired { tls: Tls { mode, certificate }, ..desired() }
}

/// Connects with TLS as a client that trusts only this CA.
async fn connect_tls(observed: &Observed, ca: &str) -> Result<tokio_postgres::Client, tokio_postgres::Error> {
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(ca.as_bytes()).expect("a certificate")).expect("a CA");
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let client = rustls::ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let client = client.expect("versions").with_root_certificates(roots).with_no_client_auth();
    let login = &observed.credentials[0];
    let mut config = tokio_postgres::Config::new();
    config.host(&observed.read_write.host).port(observed.read_write.port).user(&login.username);
    config.dbname(&login.database).password(login.password.expose());
    config.ssl_mode(tokio_postgres::config::SslMode::Require);
    let (client, connection) = config.connect(MakeRustlsConnect::new(client)).await?;
    tokio::spawn(connection);
    Ok(client)
}

#[tokio::test]
async fn required_refuses_what_is_not_encrypted() {
    let Some(fixture) = Fixture::new().await else { return };
    let plain = fixture.ensure(&desired()).await;
    let pid = fixture.pid(0);
    let required = fixture.ensure(&with_tls(TlsMode::Required, None)).await;
    let ca = required.ca.clone().expect("the CA");
    assert!(try_connect(&plain.read_write, &plain.credentials[0]).await.is_err());
    let client = connect_tls(&required, &ca).await.expect("an encrypted connection");
    let encrypted = "SELECT ssl::text FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
    assert_eq!(value(&client, encrypted).await, "true");
    let optional = fixture.ensure(&with_tls(TlsMode::Optional, None)).await;
    connect(&optional).await;
    connect_tls(&optional, &ca).await.expect("an encrypted connection");
    fixture.ensure(&desired()).await;
    assert!(connect_tls(&optional, &ca).await.is_err());
    assert_eq!(fixture.pid(0), pid, "TLS comes and goes without a restart");
}

#[tokio::test]
async fn a_certificate_of_the_callers_is_served_and_a_wrong_one_refused() {
    let Some(fixture) = Fixture::new().await else { return };
    let own = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).expect("a certificate");
    let other = rcgen::KeyPair::generate().expect("another key").serialize_pem();
    let pem = own.cert.pem();
    let certificate =
        |key: String| Certificate { chain: pem.clone(), key: Secret::new(key), ca: Some(pem.clone()) };
    let wrong = with_tls(TlsMode::Required, Some(certificate(other)));
    let error = fixture.local().ensure(&wrong).await.expect_err("a key of another certificate");
    assert!(matches!(error, Error::InvalidCertificate(_)), "{error}");
    let right = with_tls(TlsMode::Required, Some(certificate(own.signing_key.serialize_pem())));
    let observed = fixture.ensure(&right).await;
    assert_eq!(observed.ca.as_deref(), Some(pem.as_str()));
    connect_tls(&observed, &pem).await.expect("an encrypted connection");
}
