//! Encrypted connections.

use super::*;
use crate::backend::Resolved;
use crate::backend::operator::{Dialect, Installed, Wish, labels};
use databases_api::shared::{LocalRef, Tls, TlsMode};
use kube::api::{DeleteParams, Patch, PatchParams};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use serde_json::json;
use std::future::ready;
use std::pin::pin;
use tokio::time::timeout;
use tokio_postgres::config::SslMode;
use tokio_postgres_rustls::MakeRustlsConnect;

const IS_ENCRYPTED: &str = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
const STREAMS: &str = "SELECT count(*) FROM pg_stat_replication JOIN pg_stat_ssl USING (pid) WHERE ssl";

fn with_tls(request: &mut Request<PostgreSQL>, mode: TlsMode) {
    request.object.spec.instance.tls = Some(Tls { mode: Some(mode), ..Tls::default() });
}

impl World {
    /// Connects by the Service as a client that believes the published authority alone, and knows the host by its name; what the
    /// server said otherwise.
    async fn connect_tls(&self, name: &str, seen: &Observed) -> Result<Client, String> {
        self.connect_as(seen.logins.first().expect("a login"), name, seen).await
    }

    async fn connect_as(&self, login: &Login, name: &str, seen: &Observed) -> Result<Client, String> {
        let mut roots = rustls::RootCertStore::empty();
        let pem = seen.certificates.as_ref().expect("an authority");
        for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
            roots.add(certificate.expect("a certificate")).expect("an authority");
        }
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let client = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("versions");
        let client = client.with_root_certificates(roots).with_no_client_auth();
        let endpoint = seen.endpoints.first().expect("an endpoint");
        let mut config = tokio_postgres::Config::new();
        let address = self.kubelet.service(name).expect("a Service").parse().expect("an address");
        config.host(&endpoint.host).hostaddr(address).port(PORT).ssl_mode(SslMode::Require);
        config.user(&login.username).password(&login.password).dbname(&login.database);
        let connected = config.connect(MakeRustlsConnect::new(client)).await;
        let (client, connection) = connected.map_err(|error| format!("{error:?}"))?;
        tokio::spawn(connection);
        Ok(client)
    }

    /// Whether a plain connection is taken.
    async fn takes_plain(&self, name: &str, seen: &Observed) -> bool {
        let login = seen.logins.first().expect("a login");
        let mut config = tokio_postgres::Config::new();
        config.host(self.kubelet.service(name).expect("a Service")).port(PORT);
        config.user(&login.username).password(&login.password).dbname(&login.database);
        config.connect(NoTls).await.is_ok()
    }

    /// Asks until both servers are as they should be, and the standby follows.
    async fn settled(&self, request: &Request<PostgreSQL>, servers: i32) -> Observed {
        self.until(request, "as it should be", |seen| is_up(seen) && seen.ready_instances == servers).await
    }
}

async fn number(client: &Client, query: &str) -> i64 {
    client.query_one(query, &[]).await.expect("an answer").get(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn encryption_comes_and_goes_without_a_restart_and_servers_encrypt_among_themselves() {
    let Some(world) = World::start().await else { return };
    let mut request = request(601, 2);
    let name = named(&request.object);
    let seen = world.settled(&request, 2).await;
    request.object.status.instance.version.clone_from(&seen.version);
    let first = seen.certificates.clone();
    let client = world.connect_tls(&name, &seen).await.expect("clients may encrypt");
    assert!(client.query_one(IS_ENCRYPTED, &[]).await.expect("an answer").get::<_, bool>(0));
    assert!(world.takes_plain(&name, &seen).await && !seen.tls_required);
    let runs = world.kubelet.runs(&name);

    for mode in [TlsMode::Required, TlsMode::Disabled, TlsMode::Required] {
        with_tls(&mut request, mode.clone());
        let plan = world.backend().plan(&request).await.expect("a plan");
        let told: Vec<_> = plan.changes.iter().map(|change| (&*change.fields[0], change.effect)).collect();
        assert_eq!(told, [("spec.tls.mode", crate::backend::Effect::Reload)]);
        let seen = world.settled(&request, 2).await;
        let required = mode == TlsMode::Required;
        assert_eq!((seen.tls_required, seen.certificates.is_some()), (required, required));
        assert_eq!(world.takes_plain(&name, &seen).await, !required);
    }
    let seen = world.settled(&request, 2).await;
    assert_eq!(seen.certificates, first, "the authority stays");
    let manager = world.manager(&name).await.expect("a login");
    let client = world.connect_as(&manager, &name, &seen).await.expect("clients encrypt");
    let deadline = Instant::now() + DEADLINE;
    while number(&client, STREAMS).await != 1 {
        assert!(Instant::now() < deadline, "the standby does not encrypt");
        tokio::time::sleep(POLL).await;
    }

    let secrets = world.kubelet.api(&crate::cluster::SECRETS);
    let due = Patch::Merge(json!({"metadata": {"annotations": {"databases.standard.k8s.io/names": "old"}}}));
    let secret = certificate_secret(&name);
    secrets.patch(&secret, &PatchParams::default(), &due).await.expect("it is there");
    let seen = world.settled(&request, 2).await;
    assert_eq!(seen.certificates, first, "what is renewed has the authority of before");
    world.connect_tls(&name, &seen).await.expect("the renewed certificate is served");
    secrets.delete(&secret, &DeleteParams::default()).await.expect("it is there");
    let backend = world.backend();
    let replaced = backend.warnings().filter(|warned| ready(warned.reason == "CertificateReplaced"));
    backend.ensure(&request).await.expect("it is looked at");
    let warned = timeout(DEADLINE, pin!(replaced).next()).await.expect("it is told").expect("a warning");
    assert_eq!(warned.uid, request.object.metadata.uid);
    let seen = world.settled(&request, 2).await;
    assert_ne!(seen.certificates, first);
    world.connect_tls(&name, &seen).await.expect("a new certificate of a new authority is served");
    let client = world.connect_as(&manager, &name, &seen).await.expect("clients encrypt");
    assert_eq!(number(&client, STREAMS).await, 1);
    assert_eq!(world.kubelet.runs(&name), runs, "nothing was restarted");
    world.backend().remove(&request, Disposal::Delete).await.expect("it can be removed");
    assert!(
        world.kubelet.get(&crate::cluster::SECRETS, &secret).await.is_none(),
        "the certificate goes, too"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_of_somebodys_is_served_and_one_that_cannot_be_is_refused() {
    let Some(world) = World::start().await else { return };
    let mut request = request(602, 1);
    let name = named(&request.object);
    let seen = world.settled(&request, 1).await;
    request.object.status.instance.version.clone_from(&seen.version);
    let (ours, host) = (seen.certificates.clone(), seen.endpoints[0].host.clone());
    let own = rcgen::generate_simple_self_signed([host]).expect("a certificate");
    let encoded = |text: &str| {
        use base64::Engine as _;
        base64::engine::general_purpose::STANDARD.encode(text)
    };
    let secret = |certificate: &rcgen::Certificate, key: &str| {
        let pem = encoded(&certificate.pem());
        let data = json!({"tls.crt": pem, "tls.key": encoded(key), "ca.crt": pem});
        Resolved {
            path: CERTIFICATE_SECRET_REF.into(),
            kind: "Secret".into(),
            name: "own".into(),
            object: json!({"data": data}).to_string(),
            ..Resolved::default()
        }
    };
    let reference = Some(LocalRef { name: "own".into() });
    request.object.spec.instance.tls = Some(Tls { certificate_secret_ref: reference, ..Tls::default() });
    let other = rcgen::KeyPair::generate().expect("another key").serialize_pem();
    request.references = vec![secret(&own.cert, &other)];
    let seen = world.until(&request, "refused", |seen| seen.refused.is_some()).await;
    let refused = seen.refused.clone().expect("a refusal");
    assert!(refused.message.starts_with(CERTIFICATE_SECRET_REF), "{refused:?}");
    assert_eq!(seen.certificates, ours, "what runs is kept");

    let own_key = own.signing_key.serialize_pem();
    request.references = vec![secret(&own.cert, &own_key)];
    let plan = world.backend().plan(&request).await.expect("a plan");
    assert_eq!(plan.changes.len(), 1, "{plan:?}");
    let seen = world.settled(&request, 1).await;
    assert_eq!(seen.certificates, Some(own.cert.pem()));
    world.connect_tls(&name, &seen).await.expect("it is served");
    let mut past = rcgen::CertificateParams::default();
    past.not_after = rcgen::date_time_ymd(2001, 1, 1);
    request.references = vec![secret(&past.self_signed(&own.signing_key).expect("a certificate"), &own_key)];
    let seen = world.until(&request, "refused", |seen| seen.refused.is_some()).await;
    let refused = seen.refused.clone().expect("a refusal").message;
    assert!(refused.contains("Secret own cannot be served: tls.crt ran out on 2001-01-01"), "{refused}");
    assert_eq!(seen.certificates, Some(own.cert.pem()), "what runs is kept");
    request.references.clear();
    let seen = world.settled(&request, 1).await;
    assert_eq!(seen.certificates, Some(own.cert.pem()), "what cannot be read any more changes nothing");
    world.backend().remove(&request, Disposal::Delete).await.expect("it can be removed");
}

#[tokio::test(flavor = "multi_thread")]
async fn servers_of_an_earlier_release_get_a_certificate_when_it_is_asked_for() {
    let Some(world) = World::start().await else { return };
    let mut request = request(603, 2);
    let name = named(&request.object);
    let wish = Wish {
        object: &request.object,
        class: &Class::default(),
        name: &name,
        live: &json!({"metadata": {}}),
        beside: &[],
        evidence: &[],
        source: &Value::Null,
        begins: &Value::Null,
        references: &[],
        installed: &Installed::default(),
    };
    let mut set = StatefulSets.wanted(&wish).expect("it is accepted").remove(0);
    set["metadata"]["labels"] = labels(&request.object);
    let namespace = &request.object.metadata.namespace;
    let place = Place { resource: &StatefulSets::MAIN, namespace, name: &name };
    world.playground.cluster.apply(place, &set, false).await.expect("it is applied");
    let seen = world.settled(&request, 2).await;
    request.object.status.instance.version.clone_from(&seen.version);
    assert!(seen.certificates.is_none() && world.takes_plain(&name, &seen).await);
    let runs = world.kubelet.runs(&name);
    world.backend().ensure(&request).await.expect("it is looked at");
    assert_eq!(world.kubelet.runs(&name), runs, "nothing is restarted for what nobody asked for");

    with_tls(&mut request, TlsMode::Required);
    let plan = world.backend().plan(&request).await.expect("a plan");
    let switched = |change: &crate::backend::Change| {
        change.fields == ["spec.tls.mode"] && change.effect == crate::backend::Effect::Switchover
    };
    assert!(plan.changes.iter().any(switched), "{plan:?}");
    let seen = world.until(&request, "encrypted", |seen| is_up(seen) && seen.tls_required).await;
    assert!(!world.takes_plain(&name, &seen).await);
    world.connect_tls(&name, &seen).await.expect("clients encrypt");
    world.backend().remove(&request, Disposal::Delete).await.expect("it can be removed");
}
