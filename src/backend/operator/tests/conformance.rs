//! What every backend does, of a played operator.

use super::*;
use crate::backend::conformance::{Driver, Wish};
use crate::backend::{Answers, Observed, Request};
use async_trait::async_trait;
use serde_json::Value;
use std::sync::Arc;

/// A cluster that has an operator's kinds and its catalog.
pub(super) async fn playground<P: Player>() -> Option<Playground> {
    let playground = Playground::start(P::IMPLEMENTATION, P::kinds()).await?;
    for object in P::catalog() {
        let mut kinds = <P::Dialect as Dialect>::CATALOGS.iter();
        let kind = kinds.find(|kind| kind.kind == at(&object, "kind")).expect("a kind of a catalog");
        playground.make(kind, &object).await;
    }
    Some(playground)
}

/// A cluster, and the stage in it.
pub(super) struct World<P> {
    pub(super) playground: Playground,
    pub(super) stage: Stage<P>,
}

impl<P: Player> World<P> {
    pub(super) async fn start() -> Option<Self> {
        let servers = if P::HAS_SERVERS { Some(Servers::start().await?) } else { None };
        let playground = playground::<P>().await?;
        let stage = Stage::new(&playground, servers);
        Some(World { playground, stage })
    }

    pub(super) fn backend(&self) -> Arc<Operator<P::Dialect>> {
        let mut backend =
            Operator::new(P::Dialect::default(), self.playground.cluster.clone(), "cluster.local");
        if let Some(servers) = &self.stage.servers {
            backend.reached = servers.reached();
        }
        Arc::new(backend)
    }
}

/// One check's view of a world.
pub(super) struct Over<'a, P: Player> {
    world: &'a World<P>,
    backend: Arc<Operator<P::Dialect>>,
}

pub(super) fn over<P: Player>(world: &World<P>) -> Over<'_, P> {
    Over { world, backend: world.backend() }
}

/// The full name of the main kind.
fn main<P: Player>() -> String {
    <P::Dialect as Dialect>::MAIN.qualified()
}

/// The name of an object's implementation.
pub(super) fn name(object: &PostgreSQL) -> String {
    format!("{}-{}", object.metadata.name, &object.metadata.uid[..8])
}

#[async_trait]
impl<P: Player> Driver for Over<'_, P> {
    type Kind = PostgreSQL;

    fn backend(&self) -> Arc<dyn Answers<PostgreSQL>> {
        self.backend.clone()
    }

    async fn restart(&mut self) {
        self.backend = self.world.backend();
    }

    fn object(&self, number: u32) -> PostgreSQL {
        object("shop", number)
    }

    fn wish(&self, object: &mut PostgreSQL, wish: Wish) {
        P::wish(object, wish);
    }

    async fn offer_version(&mut self, offered: bool) {
        let playground = &self.world.playground;
        match (P::DISPENSABLE, offered) {
            (Dispensable::Kind(kind), true) => playground.install(kind).await,
            (Dispensable::Kind(kind), false) => playground.uninstall(kind).await,
            (Dispensable::Part(_), true) => playground.define(&main::<P>(), |_| {}).await,
            (Dispensable::Part(without), false) => playground.define(&main::<P>(), without).await,
        }
    }

    fn stops(&self) -> bool {
        P::STOPS
    }

    async fn write(&self, request: &Request<PostgreSQL>, _: &Observed, row: &str) {
        self.world.stage.write(&name(&request.object), row).await;
    }

    async fn reads(&self, request: &Request<PostgreSQL>, _: &Observed, row: &str) -> bool {
        self.world.stage.reads(&name(&request.object), row).await
    }

    async fn runs(&self, uid: &str) -> String {
        let found = self.world.stage.all(&<P::Dialect as Dialect>::MAIN).await;
        let bound = found.iter().find(|main| main["metadata"]["labels"][UID_LABEL] == uid);
        match bound {
            Some(main) => self.world.stage.runs(at(main, "metadata.name")).await,
            None => String::new(),
        }
    }

    async fn world(&self) -> String {
        let mut found = Vec::new();
        for kind in Stage::<P>::kinds() {
            let ours = |object: &Value| !object["metadata"]["labels"][UID_LABEL].is_null();
            for mut object in self.world.stage.all(&kind).await.into_iter().filter(ours) {
                object["metadata"]["managedFields"] = Value::Null;
                found.push(object.to_string());
            }
        }
        found.join("\n")
    }

    fn cuts(&self) -> Vec<usize> {
        vec![0, 3, 6, 10, 15]
    }

    async fn settle(&self) {
        self.world.stage.play().await;
    }

    async fn clear(&mut self, requests: &[Request<PostgreSQL>]) {
        for kind in self.world.stage.made_kinds() {
            for object in self.world.stage.all(&kind).await {
                let known = at(&object, "metadata.name");
                // Wherever an operator puts it: what is left to the garbage collector would go from under the next check.
                if requests.iter().any(|request| known.contains(&name(&request.object))) {
                    // What belongs to a main object may have gone with it.
                    let _ = self.world.stage.api(&kind).delete(known, &Default::default()).await;
                }
            }
        }
        let is_whole = match P::DISPENSABLE {
            Dispensable::Kind(kind) => self.world.playground.serves(kind).await,
            Dispensable::Part(_) => false,
        };
        if !is_whole {
            self.offer_version(true).await;
        }
    }
}
