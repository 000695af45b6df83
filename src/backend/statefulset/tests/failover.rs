//! A primary that is lost.

use super::*;
use crate::backend::Role;

impl World {
    /// Asks until something holds.
    pub(super) async fn until(
        &self,
        request: &Request<PostgreSQL>,
        what: &str,
        holds: impl Fn(&Observed) -> bool,
    ) -> Observed {
        let deadline = Instant::now() + DEADLINE;
        loop {
            assert!(self.primaries(request).await <= 1, "two servers take writes, until {what}");
            match self.backend().ensure(request).await {
                Ok(seen) if holds(&seen) => return seen,
                other => assert!(Instant::now() < deadline, "not {what}: {other:?}"),
            }
            tokio::time::sleep(POLL).await;
        }
    }

    /// The login that servers are managed with, once there is one.
    pub(super) async fn manager(&self, name: &str) -> Option<Login> {
        let secret = self.kubelet.get(&crate::cluster::SECRETS, &manager_secret(name)).await?;
        let password = crate::backend::postgresql::secret_text(&secret, "password")?;
        Some(Login { username: MANAGER.into(), password, database: "postgres".into(), ..Login::default() })
    }

    /// A session of that login with the server of a pod.
    pub(super) async fn managed(&self, name: &str, pod: &str) -> Client {
        let manager = self.manager(name).await.expect("a login");
        let live = self.kubelet.get(&PODS, pod).await.expect("a pod");
        let host = Pod::read(&live).and_then(|pod| pod.address).expect("an address");
        let mut config = tokio_postgres::Config::new();
        config.host(host).port(PORT).user(MANAGER).password(&manager.password).dbname("app");
        let (client, connection) = config.connect(NoTls).await.expect("a session");
        tokio::spawn(connection);
        client
    }

    /// Waits until a pod's server follows the primary, whom `is_it` knows.
    pub(super) async fn follows(
        &self,
        request: &Request<PostgreSQL>,
        pod: &str,
        is_it: impl Fn(&Observed) -> bool,
    ) {
        let deadline = Instant::now() + DEADLINE;
        while self.labelled(REPLICA).await != [pod] {
            assert!(Instant::now() < deadline, "{pod} does not follow");
            self.until(request, "available", &is_it).await;
        }
    }

    /// A database of two servers, of which the second became the primary and the first follows.
    pub(super) async fn led_by_the_second(&self, request: &mut Request<PostgreSQL>) -> Observed {
        let is_up = |seen: &Observed| is_up(seen) && seen.ready_instances == 2;
        let seen = self.until(request, "available", is_up).await;
        request.object.status.instance.version.clone_from(&seen.version);
        let name = named(&request.object);
        let (first, second) = (format!("{name}-0"), format!("{name}-1"));
        self.follows(request, &second, is_up).await;
        self.kubelet.lose(&first);
        self.kubelet.hold(&first);
        self.kubelet.forget(&first).await;
        self.until(request, "promoted", |seen| seen.primary == second).await;
        self.kubelet.release();
        self.follows(request, &first, |seen| seen.primary == second).await;
        self.until(request, "available", is_up).await
    }

    /// How many servers take writes.
    async fn primaries(&self, request: &Request<PostgreSQL>) -> usize {
        let name = named(&request.object);
        let Some(manager) = self.manager(&name).await else { return 0 };
        let mut count = 0;
        for host in self.kubelet.addresses(&name) {
            let mut config = tokio_postgres::Config::new();
            config.host(host).port(PORT).user(MANAGER).password(&manager.password).dbname("postgres");
            let Ok((client, connection)) = config.connect(NoTls).await else { continue };
            tokio::spawn(connection);
            let asked = client.query_one("SELECT pg_is_in_recovery()", &[]).await;
            count += usize::from(asked.is_ok_and(|row| !row.get::<_, bool>(0)));
        }
        count
    }

    pub(super) async fn labelled(&self, role: &str) -> Vec<String> {
        let pods = self.kubelet.all(&PODS).await;
        pods.iter().filter_map(Pod::read).filter(|pod| pod.role == role).map(|pod| pod.name).collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_standby_is_promoted_once_the_primary_is_certainly_gone_and_follows_when_it_is_back() {
    let Some(world) = World::start().await else { return };
    let mut request = request(301, 2);
    let is_up = |seen: &Observed| is_up(seen) && seen.ready_instances == 2;
    let seen = world.until(&request, "available", is_up).await;
    request.object.status.instance.version.clone_from(&seen.version);
    assert!(seen.endpoints.iter().any(|endpoint| endpoint.role == Role::ReadOnly));
    let name = named(&request.object);
    let (first, second) = (format!("{name}-0"), format!("{name}-1"));
    assert_eq!(seen.primary, first);
    world.follows(&request, &second, is_up).await;
    let client = world.connect(&name, &seen).await;
    client
        .batch_execute("CREATE TABLE rows (row text); INSERT INTO rows VALUES ('kept')")
        .await
        .expect("written");
    client.batch_execute("SET synchronous_commit = remote_apply").await.expect("set");

    world.kubelet.lose(&first);
    for _ in 0..5 {
        let seen = world.until(&request, "told", |seen| seen.phase == Phase::NoPrimary).await;
        assert!(seen.message.contains(&first) && seen.primary.is_empty(), "{seen:?}");
        assert_eq!(world.primaries(&request).await, 0, "a pod that may run is still the primary");
    }
    world.kubelet.hold(&first);
    world.kubelet.forget(&first).await;
    let seen = world.until(&request, "promoted", |seen| seen.primary == second).await;
    assert_eq!(world.labelled(PRIMARY).await, [second.as_str()]);
    assert!(seen.message.contains(&format!("; it took over from {first} at ")), "{}", seen.message);
    let client = world.connect(&name, &seen).await;
    let kept = client.query_one("SELECT count(*) FROM rows WHERE row = 'kept'", &[]).await.expect("read");
    assert_eq!(kept.get::<_, i64>(0), 1);
    client.batch_execute("INSERT INTO rows VALUES ('after')").await.expect("written");

    world.kubelet.release();
    world.follows(&request, &first, |seen| seen.primary == second).await;
    world.backend().remove(&request, Disposal::Delete).await.expect("it can be removed");
}
