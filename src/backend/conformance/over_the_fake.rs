//! The fake passes it, too: so what controllers are tested with is a backend.

use super::{Driver, Wish};
use crate::backend::fake::Fake;
use crate::backend::{Answers, Backend, Class, Observed, Request};
use async_trait::async_trait;
use databases_api::postgresql::{PostgreSQL, User};
use databases_api::shared::{Network, State};
use std::sync::Arc;

pub(crate) struct OverTheFake(pub(crate) Arc<Fake>);

async fn open() -> Option<OverTheFake> {
    Some(OverTheFake(Fake::new()))
}

conformance!(open);

#[async_trait]
impl Driver for OverTheFake {
    type Kind = PostgreSQL;

    fn backend(&self) -> Arc<dyn Answers<PostgreSQL>> {
        self.0.clone()
    }

    async fn restart(&mut self) {
        self.0 = self.0.restarted();
    }

    fn object(&self, number: u32) -> PostgreSQL {
        let mut object = PostgreSQL::default();
        (object.metadata.uid, object.metadata.name) = (format!("uid-{number}"), "shop".into());
        object
    }

    fn wish(&self, object: &mut PostgreSQL, wish: Wish) {
        let refused = "fake.example.com/refused";
        match wish {
            Wish::Stopped => object.spec.instance.state = Some(State::Stopped),
            Wish::Running => object.spec.instance.state = Some(State::Running),
            Wish::Restart => {
                object.spec.instance.network = Some(Network { port: Some(6543), ..Network::default() });
            }
            Wish::Harmless => object.spec.users.push(User { name: "etl".into(), ..User::default() }),
            Wish::Refused => drop(object.metadata.annotations.insert(refused.into(), "yes".into())),
            Wish::Accepted => drop(object.metadata.annotations.remove(refused)),
        }
    }

    async fn offer_version(&mut self, offered: bool) {
        let class = Class { name: "gold".into(), ..Class::default() };
        let mut offer = self.0.offer(&class).await.unwrap();
        let versions = if offered { vec!["17".into()] } else { Vec::new() };
        offer.engines.iter_mut().for_each(|engine| engine.versions.clone_from(&versions));
        self.0.offers("gold", offer);
    }

    async fn write(&self, request: &Request<PostgreSQL>, _: &Observed, row: &str) {
        self.0.write(&request.object.metadata.uid, row);
    }

    async fn reads(&self, request: &Request<PostgreSQL>, _: &Observed, row: &str) -> bool {
        self.0.reads(&request.object.metadata.uid, row)
    }

    async fn runs(&self, uid: &str) -> String {
        match self.0.is_up(uid) {
            Some(true) => format!("start {}", self.0.starts(uid)),
            _ => String::new(),
        }
    }

    async fn world(&self) -> String {
        self.0.everything()
    }

    fn cuts(&self) -> Vec<usize> {
        (0..8).collect()
    }

    async fn clear(&mut self, _: &[Request<PostgreSQL>]) {}
}
