//! Who is believed, and who is not any more.

use controlplane::pki::{Authority, FRONT_PROXY};
use hyper::Method;
use quickstart::apply::apply;
use serde_json::{Value, json};
use suites::http::Http;
use suites::wait::until;

use crate::setup::{Setup, read, stranger};

const CONFIG_MAP: &str = "/api/v1/namespaces/kube-system/configmaps/extension-apiserver-authentication";
pub(crate) const ACCOUNTS: &str = "/api/v1/namespaces/default/serviceaccounts";
const JSON: (&str, &str) = ("content-type", "application/json");
const MERGE: (&str, &str) = ("content-type", "application/merge-patch+json");
const ADA: (&str, &str) = ("x-remote-user", "ada");
const MASTERS: (&str, &str) = ("x-remote-group", "system:masters");

#[tokio::test(flavor = "multi_thread")]
async fn who_is_believed() {
    let Some(setup) = Setup::start().await else { return };
    proxies(&setup).await;
    certificates(&setup).await;
    tokens(&setup).await;
}

async fn proxies(setup: &Setup) {
    let pki = &setup.cluster.pki;
    let proxy = |name, authority: &Authority, common_name| {
        setup.with(name, &authority.client(common_name, &[]).expect("a certificate"))
    };
    let front = proxy("front", &pki.front_proxy, FRONT_PROXY);
    read(&front, &[ADA, MASTERS]).await.expect(200);
    assert_eq!(stranger(&read(&front, &[ADA]).await), "ada");
    read(&front, &[]).await.refused(401, "Unauthorized");
    // kube-apiserver's own pollers have no groups; everybody who is known may discover.
    let poller = ("x-remote-user", "system:kube-aggregator");
    front.get("/apis/databases.standard.k8s.io/v1", &[poller]).await.expect(200);

    let misnamed = proxy("misnamed", &pki.front_proxy, "somebody");
    read(&misnamed, &[ADA, MASTERS]).await.refused(401, "Unauthorized");
    let foreign = Authority::new("front-proxy").expect("an authority");
    let foreign = proxy("foreign-front", &foreign, FRONT_PROXY);
    read(&foreign, &[ADA, MASTERS]).await.refused(401, "Unauthorized");
    // A user who has the proxy's name is not the proxy.
    let user = proxy("user-front", &pki.clients, FRONT_PROXY);
    assert_eq!(stranger(&read(&user, &[ADA, MASTERS]).await), FRONT_PROXY);
    assert_eq!(stranger(&read(&setup.nobody(), &[ADA, MASTERS]).await), "system:anonymous");
}

async fn certificates(setup: &Setup) {
    let pki = &setup.cluster.pki;
    read(&setup.user("admin", &["system:masters"]), &[]).await.expect(200);
    assert_eq!(stranger(&read(&setup.user("eve", &["some"]), &[]).await), "eve");
    let expired = pki.clients.client_until("admin", &["system:masters"], 2021).expect("a certificate");
    read(&setup.with("expired", &expired), &[]).await.refused(401, "Unauthorized");
    let foreign = Authority::new("clients").and_then(|other| other.client("admin", &["system:masters"]));
    let foreign = foreign.expect("a certificate");
    read(&setup.with("foreign", &foreign), &[]).await.refused(401, "Unauthorized");
}

/// A token of the service account `name`.
pub(crate) async fn token(host: &Http, name: &str) -> String {
    let request = json!({"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}});
    let path = format!("{ACCOUNTS}/{name}/token");
    let answer = host.send(Method::POST, &path, &[JSON], request.to_string()).await.expect(201);
    answer["status"]["token"].as_str().expect("a token").to_owned()
}

async fn tokens(setup: &Setup) {
    let account = json!({
        "apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "robot", "namespace": "default"},
    });
    apply(setup.cluster.admin(), &account).await.expect("an account");
    let bearer = format!("Bearer {}", token(&setup.host, "robot").await);
    let (nobody, robot) = (setup.nobody(), [("authorization", bearer.as_str())]);
    assert_eq!(stranger(&read(&nobody, &robot).await), "system:serviceaccount:default:robot");
    // A certificate that proves nothing does no harm beside a token that does.
    let foreign =
        Authority::new("clients").and_then(|other| other.client("admin", &[])).expect("a certificate");
    let foreign = setup.with("foreign-robot", &foreign);
    assert_eq!(stranger(&read(&foreign, &robot).await), "system:serviceaccount:default:robot");

    let path = format!("{ACCOUNTS}/robot");
    setup.host.send(Method::DELETE, &path, &[JSON], "{}").await.expect(200);
    until("a token that was revoked is refused", async || {
        (read(&nobody, &robot).await.status == 401).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn new_authorities_are_believed_without_a_restart() {
    let Some(setup) = Setup::start().await else { return };
    let authority = |name| Authority::new(name).expect("an authority");
    let (clients, fronts) = (authority("new-clients"), authority("new-front-proxy"));
    let admin =
        setup.with("new-admin", &clients.client("admin", &["system:masters"]).expect("a certificate"));
    let front = setup.with("new-front", &fronts.client(FRONT_PROXY, &[]).expect("a certificate"));
    read(&admin, &[]).await.refused(401, "Unauthorized");
    read(&front, &[ADA, MASTERS]).await.refused(401, "Unauthorized");

    let map = setup.host.get(CONFIG_MAP, &[]).await.expect(200);
    let both = |key: &str, new: &Authority| {
        let old = map["data"][key].as_str().expect("PEM");
        Value::from(format!("{old}{}", new.pem()))
    };
    let patch = json!({"data": {
        "client-ca-file": both("client-ca-file", &clients),
        "requestheader-client-ca-file": both("requestheader-client-ca-file", &fronts),
    }});
    setup.host.send(Method::PATCH, CONFIG_MAP, &[MERGE], patch.to_string()).await.expect(200);
    until("the new authorities are believed", async || {
        let admin = read(&admin, &[]).await.status == 200;
        (admin && read(&front, &[ADA, MASTERS]).await.status == 200).then_some(())
    })
    .await;
    let old = setup.user("admin", &["system:masters"]);
    read(&old, &[]).await.expect(200);

    // The ConfigMap goes: nobody is forgotten, until kube-apiserver writes it anew, without the new authorities.
    setup.host.send(Method::DELETE, CONFIG_MAP, &[JSON], "{}").await.expect(200);
    until("it is noticed that the ConfigMap is gone", async || {
        setup.log().contains("is gone; what it said stands").then_some(())
    })
    .await;
    read(&old, &[]).await.expect(200);
    until("authorities that are not published any more are not believed", async || {
        let admin = read(&admin, &[]).await.status == 401;
        (admin && read(&front, &[ADA, MASTERS]).await.status == 401).then_some(())
    })
    .await;
    read(&old, &[]).await.expect(200);
}
