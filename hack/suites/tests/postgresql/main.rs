//! What a PostgreSQL object makes of a real PostgreSQL, seen over SQL with the Secret's credentials.

mod data;
mod refused;

use hyper::Method;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use quickstart::client::Client;
use quickstart::database::Credentials;
use quickstart::wait;
use serde_json::{Value, json};
use suites::Sandbox;
use suites::instance::{
    NAMESPACE, READY, answer, applied, credentials, login, namespace, postgresql, prepare, ready, retained,
    started,
};
use suites::programs::{has_postgresql, skipped};
use suites::wait::until;

async fn prepared() -> Option<(Sandbox, Client)> {
    let (sandbox, client) = started().await?;
    prepare(&client).await;
    Some((sandbox, client))
}

async fn patched(client: &Client, path: &str, patch: &Value) -> Value {
    let patched = client.expect(Method::PATCH, path, "application/merge-patch+json", patch).await;
    patched.expect("the patch is accepted")
}

fn condition(object: &Value, kind: &str) -> Value {
    let mut conditions = object["status"]["conditions"].as_array().into_iter().flatten();
    conditions.find(|condition| condition["type"] == kind).cloned().unwrap_or_default()
}

async fn secret(client: &Client, name: &str) -> Value {
    client.read(&format!("/api/v1/namespaces/{NAMESPACE}/secrets/{name}")).await.unwrap_or_default()
}

async fn deleted(client: &Client, path: &str) {
    client
        .expect(Method::DELETE, path, "application/json", &Value::Null)
        .await
        .expect("deletion is accepted");
    until("the object is gone", async || (client.get(path).await.ok()?.status == 404).then_some(())).await;
}

async fn text(credentials: &Credentials, sql: &str) -> String {
    credentials.query(sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn databases_owners_users_extensions_and_parameters_are_as_asked() {
    let Some((_sandbox, client)) = prepared().await else { return };
    let spec = json!({
        "databases": [
            {"name": "shop", "owner": "shop", "extensions": [{"name": "pg_trgm"}]},
            {"name": "reporting", "owner": "analyst"},
        ],
        "users": [{"name": "etl", "attributes": ["CreateDB"], "databases": ["shop"]}],
        "parameters": {"work_mem": "7MB"},
    });
    let path = applied(&client, &postgresql("shop", &spec)).await;
    let object = ready(&client, &path).await;
    let shop = credentials(&client, &object).await;
    assert_eq!(text(&shop, "SELECT current_user::text || '/' || current_database()").await, "shop/shop");
    let owners = "SELECT string_agg(datname || '=' || rolname, ' ' ORDER BY datname) \
        FROM pg_database JOIN pg_roles ON datdba = pg_roles.oid WHERE rolname IN ('shop', 'analyst')";
    assert_eq!(text(&shop, owners).await, "reporting=analyst shop=shop");
    assert_eq!(
        text(&shop, "SELECT extname::text FROM pg_extension WHERE extname = 'pg_trgm'").await,
        "pg_trgm"
    );
    assert_eq!(text(&shop, "SHOW work_mem").await, "7MB");
    let attributes =
        "SELECT rolcreatedb || '/' || rolsuper || '/' || rolcanlogin FROM pg_roles WHERE rolname = 'etl'";
    assert_eq!(text(&shop, attributes).await, "true/false/true");
    assert_eq!(
        text(&shop, "SELECT rolsuper::text FROM pg_roles WHERE rolname = current_user").await,
        "false"
    );

    patched(&client, &path, &json!({"spec": {"parameters": {"work_mem": "9MB"}}})).await;
    until("the new parameter is in force", async || {
        let value = shop.query("SHOW work_mem").await.ok()?;
        (value == "9MB").then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_passwords_and_unencrypted_connections_are_refused() {
    let Some((_sandbox, client)) = prepared().await else { return };
    let path = applied(&client, &postgresql("safe", &json!({"tls": {"mode": "Required"}}))).await;
    let object = ready(&client, &path).await;
    let right = credentials(&client, &object).await;
    assert!(right.certificates.is_some(), "the Secret carries the CA");
    let encrypted = "SELECT ssl::text FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
    assert_eq!(text(&right, encrypted).await, "true");
    let plain = Credentials { certificates: None, ..right.clone() };
    let refused = plain.query("SELECT 'x'").await.expect_err("plain TCP is refused");
    assert!(refused.to_string().contains("no pg_hba.conf entry"), "{refused}");
    let wrong = Credentials { password: "wrong".to_owned(), ..right };
    let refused = wrong.query("SELECT 'x'").await.expect_err("a wrong password is refused");
    assert!(refused.to_string().contains("password authentication failed"), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn replicas_stream_what_the_primary_commits() {
    let Some((sandbox, client)) = prepared().await else { return };
    let path = applied(&client, &postgresql("pair", &json!({"instances": 2}))).await;
    let object =
        wait::condition(&client, &path, "InstancesReady", READY, |_| {}).await.expect("both are ready");
    assert_eq!(object["status"]["readyInstances"], 2);
    assert_eq!(sandbox.postmasters().len(), 2);
    let primary = credentials(&client, &object).await;
    let session = primary.connect().await.expect("the primary accepts connections");
    session
        .batch_execute("CREATE TABLE seen (value text); INSERT INTO seen VALUES ('replicated')")
        .await
        .expect("a table");
    let endpoints = object["status"]["endpoints"].as_array().expect("status.endpoints");
    let replica =
        endpoints.iter().find(|endpoint| endpoint["role"] == "ReadOnly").expect("a ReadOnly endpoint");
    let port = replica["port"].as_u64().and_then(|port| u16::try_from(port).ok()).expect("a port");
    let replica = Credentials { port, ..primary };
    until("the replica has the row", async || replica.query("SELECT value FROM seen").await.ok()).await;
    assert_eq!(text(&replica, "SELECT pg_is_in_recovery()::text").await, "true");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_postgresql_comes_back_with_its_data() {
    let Some((sandbox, client)) = prepared().await else { return };
    let path = applied(&client, &postgresql("phoenix", &json!({}))).await;
    let object = ready(&client, &path).await;
    let session = credentials(&client, &object).await.connect().await.expect("a connection");
    session.batch_execute("CREATE TABLE kept AS SELECT 'kept'::text AS value").await.expect("a table");
    let killed = sandbox.postmasters();
    assert_eq!(killed.len(), 1);
    kill(Pid::from_raw(killed[0]), Signal::SIGKILL).expect("the postmaster can be killed");
    until("another postmaster serves the data", async || {
        let value = answer(&client, &path, "SELECT value FROM kept").await?;
        (value == "kept" && !sandbox.postmasters().contains(&killed[0])).then_some(())
    })
    .await;
    ready(&client, &path).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restarted_server_adopts_what_runs() {
    let Some((mut sandbox, client)) = prepared().await else { return };
    let path = applied(&client, &postgresql("steady", &json!({}))).await;
    let before = ready(&client, &path).await;
    let session = credentials(&client, &before).await.connect().await.expect("a connection");
    let running = sandbox.postmasters();
    for end in ["stop", "kill"] {
        if end == "stop" {
            sandbox.stop().await
        } else {
            sandbox.kill().await
        }
        session.simple_query("SELECT 1").await.expect("PostgreSQL does not notice");
        let client = sandbox.start().await;
        let after = ready(&client, &path).await;
        assert_eq!(after["metadata"]["uid"], before["metadata"]["uid"]);
        assert_eq!(sandbox.postmasters(), running, "the same postmaster after {end}");
        session.simple_query("SELECT 1").await.expect("the same session still works");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wish_that_is_refused_keeps_no_database_down() {
    if !has_postgresql() {
        return skipped("PostgreSQL is not installed (Debian package postgresql)");
    }
    let Some(sandbox) = Sandbox::new() else { return };
    let mut sandbox = sandbox.with_flags(["--stop-instances-on-exit"]);
    let client = sandbox.start().await;
    prepare(&client).await;
    let path = applied(&client, &postgresql("careful", &json!({}))).await;
    ready(&client, &path).await;
    let databases = json!([{"name": "app", "owner": "app", "extensions": [{"name": "not_installed"}]}]);
    patched(&client, &path, &json!({"spec": {"databases": databases}})).await;
    until("the extension is refused", async || {
        let object = client.read(&path).await.ok()?;
        (condition(&object, "Stalled")["status"] == "True").then_some(())
    })
    .await;
    sandbox.stop().await;
    let client = sandbox.start().await;
    // The database is ready as it was accepted before: Ready is about the generation before the refused one.
    let object = until("what was accepted serves", async || {
        let object = client.read(&path).await.ok()?;
        let ready = condition(&object, "Ready");
        (ready["status"] == "True" && ready["observedGeneration"] == 1).then_some(object)
    })
    .await;
    assert_eq!(condition(&object, "Accepted")["status"], "False");
    text(&credentials(&client, &object).await, "SELECT 1::text").await;
    sandbox.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn users_whose_names_look_alike_have_secrets_of_their_own() {
    let Some((_sandbox, client)) = prepared().await else { return };
    let users = json!([
        {"name": "test_user", "databases": ["app"]}, {"name": "test-user-11601308", "databases": ["app"]},
        {"name": "nodb"}, {"name": "group", "attributes": ["NoLogin"]},
    ]);
    let path = applied(&client, &postgresql("alike", &json!({"users": users}))).await;
    let object = ready(&client, &path).await;
    let secrets = object["status"]["userSecrets"].as_array().expect("status.userSecrets").clone();
    assert_eq!(secrets.len(), 3, "one each, but for the role that cannot log in: {secrets:?}");
    for entry in &secrets {
        let secret = secret(&client, entry["name"].as_str().expect("a name")).await;
        let login = Credentials::from_secret(&secret).expect("the Secret keeps its contract");
        assert_eq!(json!(text(&login, "SELECT current_user::text").await), entry["user"]);
    }
    patched(&client, &path, &json!({"spec": {"users": null}})).await;
    until("the Secrets of removed users are gone", async || {
        let names = secrets.iter().map(|entry| entry["name"].as_str().unwrap_or_default());
        for name in names {
            if secret(&client, name).await != Value::Null {
                return None;
            }
        }
        Some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_of_a_secret_go_with_what_they_tell_of() {
    let Some((_sandbox, client)) = prepared().await else { return };
    let spec = json!({"instances": 2, "tls": {"mode": "Required"}});
    let path = applied(&client, &postgresql("keys", &spec)).await;
    wait::condition(&client, &path, "InstancesReady", READY, |_| {}).await.expect("both are ready");
    let told = ["certificates", "sslmode", "ro-host", "ro-port", "ro-uri"];
    let has = async |key: &str| secret(&client, "keys-binding").await["data"].get(key).is_some();
    until("the Secret tells of TLS and the replica", async || {
        for key in told {
            if !has(key).await {
                return None;
            }
        }
        Some(())
    })
    .await;
    patched(&client, &path, &json!({"spec": {"instances": 1, "tls": {"mode": "Disabled"}}})).await;
    until("the Secret tells of them no more", async || {
        for key in told {
            if has(key).await {
                return None;
            }
        }
        Some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_failure_the_last_event_says_that_it_runs_and_repetitions_are_counted() {
    let Some((sandbox, client)) = prepared().await else { return };
    let path = applied(&client, &postgresql("told", &json!({}))).await;
    ready(&client, &path).await;
    let events = async |reason: &str| -> Vec<Value> {
        let list = client.read(&format!("/api/v1/namespaces/{NAMESPACE}/events")).await.unwrap_or_default();
        let events = list["items"].as_array().cloned().unwrap_or_default();
        events.into_iter().filter(|event| event["reason"] == reason).collect()
    };
    // A look that was under way mends some of them before anybody sees them.
    let mut killed = 0;
    until("an event tells of two recoveries", async || {
        let ready = events("Ready").await;
        if ready.len() == 1 && ready[0]["count"].as_i64() >= Some(3) {
            return Some(());
        }
        let serves = condition(&client.read(&path).await.ok()?, "Ready")["status"] == "True";
        if let Some(postmaster) = sandbox.postmasters().pop().filter(|found| serves && *found != killed) {
            kill(Pid::from_raw(postmaster), Signal::SIGKILL).expect("the postmaster can be killed");
            killed = postmaster;
        }
        None
    })
    .await;
    assert!(!events("NotReady").await.is_empty());
    until("the class tells that it is accepted", async || {
        let list = client.read("/api/v1/namespaces/default/events").await.ok()?;
        let mut events = list["items"].as_array().into_iter().flatten();
        events
            .any(|event| event["involvedObject"]["kind"] == "DatabaseClass" && event["reason"] == "Accepted")
            .then_some(())
    })
    .await;
    for event in events("Ready").await.into_iter().chain(events("NotReady").await) {
        assert_eq!(event["reportingComponent"], "databases-controller");
        for field in ["/reportingInstance", "/involvedObject/resourceVersion", "/involvedObject/uid"] {
            let text = event.pointer(field).and_then(Value::as_str).unwrap_or_default();
            assert!(!text.is_empty(), "{field} of {event}");
        }
    }
}
