//! What becomes of data: kept, taken up again, removed, or too much for its size.

use super::*;

#[tokio::test(flavor = "multi_thread")]
async fn deletion_keeps_or_removes_as_the_policy_says() {
    let Some((sandbox, client)) = prepared().await else { return };
    for (name, policy) in [("retained", "Retain"), ("removed", "Delete")] {
        let path = applied(&client, &postgresql(name, &json!({"deletionPolicy": policy}))).await;
        let object = ready(&client, &path).await;
        let secret = object["status"]["binding"]["name"].as_str().expect("status.binding.name").to_owned();
        deleted(&client, &path).await;
        let secret =
            client.get(&format!("/api/v1/namespaces/{NAMESPACE}/secrets/{secret}")).await.expect("an answer");
        assert_eq!(
            secret.status.as_u16(),
            if policy == "Retain" { 200 } else { 404 },
            "the Secret under {policy}"
        );
    }
    assert!(sandbox.postmasters().len() <= 1, "the deleted instance does not run");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_released_secret_is_never_touched_and_says_whose_it_was() {
    let Some((_sandbox, client)) = prepared().await else { return };
    let manifest = postgresql("again", &json!({}));
    let path = applied(&client, &manifest).await;
    let first = ready(&client, &path).await;
    deleted(&client, &path).await;
    let kept = secret(&client, "again-binding").await;
    let uid = first["metadata"]["uid"].as_str().expect("a uid");
    assert!(kept["metadata"]["annotations"].to_string().contains(uid), "{}", kept["metadata"]);
    applied(&client, &manifest).await;
    let conflict = until("the new object says what is in its way", async || {
        let ready = condition(&client.read(&path).await.ok()?, "Ready");
        (ready["reason"] == "SecretConflict").then_some(ready)
    })
    .await;
    let message = conflict["message"].as_str().unwrap_or_default();
    assert!(message.contains("again-binding") && message.contains("delete that Secret"), "{message}");
    assert_eq!(secret(&client, "again-binding").await, kept);
    let secrets = format!("/api/v1/namespaces/{NAMESPACE}/secrets/again-binding");
    client.expect(Method::DELETE, &secrets, "application/json", &Value::Null).await.expect("a deletion");
    let second = ready(&client, &path).await;
    text(&credentials(&client, &second).await, "SELECT 1::text").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_deletion_kept_is_taken_up_with_its_rows_users_and_passwords() {
    let Some((sandbox, client)) = prepared().await else { return };
    let users = json!([{"name": "etl", "databases": ["app"]}]);
    let path = applied(&client, &postgresql("kept", &json!({"users": users}))).await;
    let object = ready(&client, &path).await;
    let (owner, etl) = (credentials(&client, &object).await, secret(&client, "kept-user-etl").await);
    let session = owner.connect().await.expect("a connection");
    session.batch_execute("CREATE TABLE kept AS SELECT 'kept'::text AS value").await.expect("a table");
    deleted(&client, &path).await;
    let taken_up = json!({"kind": "Secret", "name": "kept-binding"});
    let spec = json!({"users": users, "adoptRef": taken_up, "deletionPolicy": "Delete"});
    let path = applied(&client, &postgresql("kept", &spec)).await;
    let object = ready(&client, &path).await;
    let after = credentials(&client, &object).await;
    assert_eq!((&after.username, &after.password), (&owner.username, &owner.password));
    assert_eq!(text(&after, "SELECT value FROM kept").await, "kept");
    let now = secret(&client, "kept-user-etl").await;
    assert_eq!(now["data"]["password"], etl["data"]["password"]);
    text(&Credentials::from_secret(&now).expect("the contract"), "SELECT 1::text").await;
    let events = client.read(&format!("/api/v1/namespaces/{NAMESPACE}/events")).await.expect("events");
    let mut reasons = events["items"].as_array().into_iter().flatten().map(|event| &event["reason"]);
    assert!(reasons.any(|reason| reason == "Adopted"), "{events}");
    let other = applied(&client, &postgresql("other", &json!({"adoptRef": taken_up}))).await;
    let accepted = until("what another has is refused", async || {
        let accepted = condition(&client.read(&other).await.ok()?, "Accepted");
        (accepted["reason"] == "Conflict").then_some(accepted)
    })
    .await;
    let message = accepted["message"].as_str().unwrap_or_default();
    assert!(message.contains("PostgreSQL demo/kept") && !message.contains(&*owner.password), "{message}");
    deleted(&client, &other).await;
    deleted(&client, &path).await;
    assert!(sandbox.postmasters().is_empty(), "nothing runs any more");
    for name in ["kept-binding", "kept-user-etl"] {
        assert_eq!(secret(&client, name).await, Value::Null, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_outlived_its_namespace_is_found_on_the_machine_and_taken_up_again() {
    let Some((sandbox, client)) = prepared().await else { return };
    let path = applied(&client, &postgresql("lost", &json!({}))).await;
    let object = ready(&client, &path).await;
    let (owner, uid) =
        (credentials(&client, &object).await, object["metadata"]["uid"].as_str().expect("a uid"));
    let session = owner.connect().await.expect("a connection");
    session.batch_execute("CREATE TABLE kept AS SELECT 'kept'::text AS value").await.expect("a table");
    let (done, refused) = retained(&sandbox, &[uid]).await;
    assert!(
        !done && refused.contains("PostgreSQL demo/lost has it"),
        "what is in use is not told: {refused}"
    );
    deleted(&client, &format!("/api/v1/namespaces/{NAMESPACE}")).await;
    applied(&client, &namespace()).await;
    let manifest = postgresql("lost", &json!({"deletionPolicy": "Delete"}));
    let path = applied(&client, &manifest).await;
    let fresh = credentials(&client, &ready(&client, &path).await).await;
    assert_ne!(fresh.password, owner.password, "a new object of the name begins empty");
    deleted(&client, &path).await;
    let (done, listed) = retained(&sandbox, &[]).await;
    assert!(
        done && listed.lines().count() == 2 && listed.contains(uid) && listed.contains("lost"),
        "{listed}"
    );
    assert!(!listed.contains(&*owner.password), "{listed}");
    let (done, printed) = retained(&sandbox, &[uid]).await;
    assert!(done, "{printed}");
    let secret: Value = serde_saphyr::from_str(&printed).expect("YAML");
    assert_eq!(secret["stringData"]["password"], &*owner.password);
    applied(&client, &secret).await;
    let taken_up = json!({"kind": "Secret", "name": secret["metadata"]["name"]});
    let spec = json!({"adoptRef": taken_up, "deletionPolicy": "Delete"});
    let path = applied(&client, &postgresql("lost", &spec)).await;
    let after = credentials(&client, &ready(&client, &path).await).await;
    assert_eq!((&after.username, &after.password), (&owner.username, &owner.password));
    assert_eq!(text(&after, "SELECT value FROM kept").await, "kept");
    assert_eq!(retained(&sandbox, &[]).await.1.lines().count(), 1, "nothing is kept any more");
}

#[tokio::test(flavor = "multi_thread")]
async fn kept_data_is_deleted_with_its_secrets_when_a_person_says_so() {
    let Some((mut sandbox, client)) = prepared().await else { return };
    let users = json!({"users": [{"name": "etl"}], "superuserAccess": "Enabled"});
    let path = applied(&client, &postgresql("done", &users)).await;
    let object = ready(&client, &path).await;
    let uid = object["metadata"]["uid"].as_str().expect("a uid");
    let (done, refused) = retained(&sandbox, &["--delete", uid]).await;
    assert!(!done && refused.contains("delete that object, with deletionPolicy Delete"), "{refused}");
    assert!(answer(&client, &path, "SELECT 1::text").await.is_some(), "it runs on");
    deleted(&client, &path).await;
    // As one that nobody released, since the object went while no server acted on it.
    let unseen =
        json!({"metadata": {"annotations": null, "labels": {"databases.standard.k8s.io/instance-uid": uid}}});
    let etl = format!("/api/v1/namespaces/{NAMESPACE}/secrets/done-user-etl");
    let patched = client.expect(Method::PATCH, &etl, "application/merge-patch+json", &unseen).await;
    patched.expect("the patch is accepted");
    let others = applied(&client, &postgresql("others", &json!({}))).await;
    ready(&client, &others).await;
    let (done, said) = retained(&sandbox, &["--delete", uid]).await;
    assert!(done && said.contains("PostgreSQL demo/done, uid"), "{said}");
    for name in ["done-binding", "done-user-etl", "done-superuser"] {
        assert!(said.contains(&format!("deleted Secret demo/{name}\n")), "{said}");
        assert_eq!(secret(&client, name).await, Value::Null, "{name}");
    }
    assert!(!secret(&client, "others-binding").await.is_null());
    assert_eq!(retained(&sandbox, &[]).await.1.lines().count(), 1, "nothing is kept any more");
    let (done, said) = retained(&sandbox, &["--delete", uid]).await;
    assert!(!done && said.contains("there is nothing of it"), "{said}");
    let object = client.read(&others).await.expect("the other one");
    let uid = object["metadata"]["uid"].as_str().expect("a uid");
    deleted(&client, &others).await;
    sandbox.stop().await;
    let (done, said) = retained(&sandbox, &["--delete", uid]).await;
    assert!(!done && said.contains("Secrets of PostgreSQL demo/others, uid"), "{said}");
    let (done, listed) = retained(&sandbox, &[]).await;
    assert!(done && !listed.contains(uid), "its data is deleted all the same: {listed}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_over_its_size_refuses_writes_until_it_is_given_more() {
    let Some((_sandbox, client)) = prepared().await else { return };
    let path = applied(&client, &postgresql("small", &json!({"storage": {"size": "128Mi"}}))).await;
    let object = ready(&client, &path).await;
    let session = credentials(&client, &object).await.connect().await.expect("a connection");
    let much =
        "INSERT INTO filled SELECT string_agg(md5(random()::text), '') FROM generate_series(1, 262144)";
    let table = "CREATE TABLE filled (value text); ALTER TABLE filled ALTER value SET STORAGE EXTERNAL";
    session.batch_execute(table).await.expect("a table");
    let refused = until("writes are refused", async || {
        let written = login(&client, &path).await?.connect().await.ok()?.batch_execute(much).await;
        written.err().filter(|error| error.code().is_some_and(|code| code.code() == "25006"))
    })
    .await;
    assert!(refused.to_string().contains("db error"), "{refused}");
    let low = until("the object says so", async || {
        let low = condition(&client.read(&path).await.ok()?, "StorageLow");
        (low["reason"] == "StorageFull").then_some(low)
    })
    .await;
    let message = low["message"].as_str().unwrap_or_default();
    assert!(message.contains("raise spec.storage.size"), "{message}");
    until("reads go on", async || answer(&client, &path, "SELECT count(*)::text FROM filled").await).await;
    patched(&client, &path, &json!({"spec": {"storage": {"size": "1Gi"}}})).await;
    until("it takes writes again", async || {
        login(&client, &path).await?.connect().await.ok()?.batch_execute(much).await.ok()
    })
    .await;
    until("nothing is short any more", async || {
        let object = client.read(&path).await.ok()?;
        (condition(&object, "StorageLow").is_null() && !object["status"]["storage"]["used"].is_null())
            .then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn damaged_data_is_listed_and_deleted_where_the_server_says_that_no_object_has_it() {
    let Some((sandbox, client)) = prepared().await else { return };
    let path = applied(&client, &postgresql("damaged", &json!({}))).await;
    let object = ready(&client, &path).await;
    let uid = object["metadata"]["uid"].as_str().expect("a uid");
    let folder = sandbox.launch.data_dir.join("instances/instances").join(uid);
    std::fs::write(folder.join("state.json"), "{").expect("damaged");
    let (done, refused) = retained(&sandbox, &["--delete", uid]).await;
    assert!(!done && refused.contains("PostgreSQL demo/damaged has it"), "{refused}");
    deleted(&client, &path).await;
    let (done, said) = retained(&sandbox, &[]).await;
    assert!(!done && said.contains(uid) && said.contains("state.json"), "{said}");
    let (done, said) = retained(&sandbox, &["--delete", uid]).await;
    assert!(done && said.contains("deleted Secret demo/damaged-binding\n") && !folder.exists(), "{said}");
    let (done, listed) = retained(&sandbox, &[]).await;
    assert!(done && listed.lines().count() == 1, "{listed}");
}
