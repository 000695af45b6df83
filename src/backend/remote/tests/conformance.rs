//! The suite that every backend passes, over the wire.

use super::*;
use crate::backend::conformance::over_the_fake::OverTheFake;
use crate::backend::conformance::{Driver, Wish, conformance};

struct OverTheWire {
    fake: OverTheFake,
    server: Server,
    remote: Arc<Remote>,
}

async fn open() -> Option<OverTheWire> {
    let fake = OverTheFake(Fake::new());
    let server = Server::started(&fake.0);
    let remote = remote(&server);
    Some(OverTheWire { fake, server, remote })
}

conformance!(open);

#[async_trait]
impl Driver for OverTheWire {
    type Kind = PostgreSQL;

    fn backend(&self) -> Arc<dyn Answers<PostgreSQL>> {
        self.remote.clone()
    }

    /// The program ends and is started again; this server stays.
    async fn restart(&mut self) {
        self.server.stop().await;
        self.fake.restart().await;
        self.server.start(&self.fake.0, Manner::good(&self.fake.0));
    }

    fn object(&self, number: u32) -> PostgreSQL {
        self.fake.object(number)
    }

    fn wish(&self, object: &mut PostgreSQL, wish: Wish) {
        self.fake.wish(object, wish);
    }

    async fn offer_version(&mut self, offered: bool) {
        self.fake.offer_version(offered).await;
    }

    async fn write(&self, request: &Request<PostgreSQL>, observed: &Observed, row: &str) {
        self.fake.write(request, observed, row).await;
    }

    async fn reads(&self, request: &Request<PostgreSQL>, observed: &Observed, row: &str) -> bool {
        self.fake.reads(request, observed, row).await
    }

    async fn runs(&self, uid: &str) -> String {
        self.fake.runs(uid).await
    }

    async fn world(&self) -> String {
        self.fake.world().await
    }

    fn cuts(&self) -> Vec<usize> {
        (0..12).collect()
    }

    async fn clear(&mut self, _: &[Request<PostgreSQL>]) {}
}
