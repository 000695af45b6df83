//! What users may, beside logging in.

use super::*;
use databases_api::postgresql::{User, UserAttribute};

/// What a role may: as the attributes are tested.
const MAY: &str = "SELECT concat_ws(' ', CASE WHEN rolsuper THEN 'superuser' END, CASE WHEN rolcreatedb THEN 'createdb' END, \
     CASE WHEN rolcreaterole THEN 'createrole' END, CASE WHEN rolreplication THEN 'replication' END, \
     CASE WHEN rolbypassrls THEN 'bypassrls' END, CASE WHEN rolcanlogin THEN 'login' END) FROM pg_roles WHERE rolname = 'etl'";

#[tokio::test(flavor = "multi_thread")]
async fn users_have_the_attributes_that_are_listed_and_no_others() {
    use UserAttribute::{BypassRLS, CreateDB, CreateRole, NoLogin, Replication, Superuser};
    let Some(world) = World::start().await else { return };
    let mut request = request(501, 1);
    let name = named(&request.object);
    for (attributes, may) in [
        (vec![Superuser], "superuser login"),
        (
            vec![CreateDB, CreateRole, Replication, BypassRLS],
            "createdb createrole replication bypassrls login",
        ),
        (vec![NoLogin], ""),
        (vec![], "login"),
    ] {
        request.object.spec.users = vec![User { name: "etl".into(), attributes, ..User::default() }];
        let seen = world.until(&request, "available", is_up).await;
        request.object.status.instance.version.clone_from(&seen.version);
        let client = world.connect(&name, &seen).await;
        let row = client.query_one(MAY, &[]).await.expect("an answer");
        assert_eq!(row.get::<_, String>(0), may);
    }
    world.backend().remove(&request, Disposal::Delete).await.expect("it can be removed");
}
