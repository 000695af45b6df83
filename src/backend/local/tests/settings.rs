//! Every parameter that a client may set, with a hostile value: what is there can be managed while it is set, and after.

use super::*;

/// So many parameters are set at once.
const BATCH: usize = 45;

/// The parameters of sessions and those that a reload sets, with the values at the edges of what they take. Without those
/// that a running server takes less of than one that starts.
const CATALOGUE: &str = "SELECT name, CASE vartype \
     WHEN 'bool' THEN CASE reset_val WHEN 'on' THEN 'off' ELSE 'on' END \
     WHEN 'enum' THEN enumvals[array_length(enumvals, 1)] \
     WHEN 'string' THEN CASE name WHEN 'search_path' THEN 'evil' WHEN 'datestyle' THEN 'SQL, DMY' \
         WHEN 'timezone' THEN 'Asia/Kathmandu' WHEN 'client_encoding' THEN 'LATIN1' ELSE reset_val END \
     ELSE min_val END AS low, \
     CASE vartype WHEN 'enum' THEN enumvals[1] WHEN 'integer' THEN max_val WHEN 'real' THEN max_val \
     ELSE NULL END AS high, unit \
     FROM pg_settings WHERE context IN ('user', 'superuser', 'backend', 'superuser-backend', 'sighup') \
     AND name NOT IN ('min_wal_size', 'max_wal_size') ORDER BY name";

/// Sets a batch, without what is refused; every refusal names what it is about.
async fn set(fixture: &Fixture, mut batch: BTreeMap<String, String>) -> BTreeMap<String, String> {
    loop {
        let wanted = Desired { parameters: batch.clone(), ..desired() };
        match fixture.local().ensure(&wanted).await {
            Ok(observed) => {
                assert!(observed.ready, "{observed:?}");
                return batch;
            }
            Err(error) => {
                assert_eq!(error.reason(), "InvalidParameters", "{error}: {batch:?}");
                let message = error.to_string();
                let words: Vec<&str> =
                    message.split(|c: char| !c.is_alphanumeric() && c != '_' && c != '.').collect();
                let before = batch.len();
                batch.retain(|name, _| {
                    !words.iter().any(|word| word.trim_end_matches('.').eq_ignore_ascii_case(name))
                });
                assert!(batch.len() < before, "{message} names none of {batch:?}");
            }
        }
    }
}

/// A new owner, a new user and an extension, under the parameters.
async fn manage(fixture: &Fixture, round: usize, parameters: &BTreeMap<String, String>, instances: u32) {
    let extensions = vec![extension("pgcrypto", Some("crypto")), extension("citext", None)];
    let wanted = Desired {
        parameters: parameters.clone(),
        databases: vec![
            database("shop", &format!("owner{}", round % 2)),
            Database { extensions, ..database(&format!("d{round}"), "lab") },
        ],
        users: vec![user(&format!("user{round}"), &[Attribute::CreateDB], &["shop"])],
        instances,
        ..desired()
    };
    let observed = fixture.local().ensure(&wanted).await;
    let observed = observed.unwrap_or_else(|error| panic!("{error} under {parameters:?}"));
    assert!(observed.ready, "{observed:?} under {parameters:?}");
    assert_eq!(observed.ready_instances, instances, "under {parameters:?}");
}

#[tokio::test]
async fn no_parameter_that_clients_may_set_keeps_us_from_managing() {
    let Some(fixture) = Fixture::new().await else { return };
    let client = superuser(&fixture, &desired()).await;
    let rows = client.query(CATALOGUE, &[]).await.expect("the catalogue");
    assert!(rows.len() > 200, "{}", rows.len());
    let mut values: Vec<(String, String)> = Vec::new();
    for row in &rows {
        let name: String = row.get("name");
        for value in ["low", "high"].into_iter().filter_map(|side| row.get::<_, Option<String>>(side)) {
            let one = BTreeMap::from([(name.clone(), value.clone())]);
            if crate::backend::local::parameters::check(&one).is_ok() {
                values.push((name.clone(), value));
            }
        }
    }
    // The low and the high value of one parameter lie next to each other: every second goes into the same batch.
    let (low, high): (Vec<_>, Vec<_>) = values.into_iter().enumerate().partition(|(index, _)| index % 2 == 0);
    let mut round = 0;
    for side in [low, high] {
        let side: Vec<(String, String)> = side.into_iter().map(|(_, setting)| setting).collect();
        for batch in side.chunks(BATCH) {
            round += 1;
            let kept = set(&fixture, batch.iter().cloned().collect()).await;
            manage(&fixture, round, &kept, 1 + u32::from(round % 3 == 0)).await;
            manage(&fixture, round + 1, &BTreeMap::new(), 1).await;
        }
    }
}
