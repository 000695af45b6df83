//! The backends of each kind of databases, and the controller over them.

use super::Controllers;
use super::instance::{self, Database};
use crate::backend::{Answers, Backend, Plan};
use apimachinery::kind::Hub;
use databases_api::instance::{Visitor, each};
use futures_util::future::BoxFuture;
use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// The backends that answer the objects of one kind.
pub(super) struct Backends<K>(Arc<[Arc<dyn Answers<K>>]>);

impl<K> Clone for Backends<K> {
    fn clone(&self) -> Self {
        Backends(self.0.clone())
    }
}

impl<K: Database> Backends<K> {
    /// All of them.
    pub(super) fn all(&self) -> &[Arc<dyn Answers<K>>] {
        &self.0
    }

    /// The backend that a class names.
    pub(super) fn named(&self, controller_name: &str) -> Option<&Arc<dyn Answers<K>>> {
        self.0.iter().find(|backend| backend.controller_name() == controller_name)
    }

    /// The backend whose group an object's `status.backendRef` has.
    pub(super) fn recorded(&self, group: &str) -> Option<&Arc<dyn Answers<K>>> {
        self.0.iter().find(|backend| backend.recognises(group))
    }
}

/// One kind of databases, with its backends.
trait Answered: Send + Sync {
    fn backends(&self) -> Vec<Arc<dyn Backend>>;
    fn run(&self, controllers: Arc<Controllers>, ended: CancellationToken) -> BoxFuture<'static, ()>;
    fn foretell<'a>(
        &'a self,
        controllers: &'a Controllers,
        object: &'a dyn Hub,
    ) -> BoxFuture<'a, Option<Plan>>;
}

impl<K: Database> Answered for Backends<K> {
    fn backends(&self) -> Vec<Arc<dyn Backend>> {
        self.0.iter().map(|backend| backend.clone() as Arc<dyn Backend>).collect()
    }

    fn run(&self, controllers: Arc<Controllers>, ended: CancellationToken) -> BoxFuture<'static, ()> {
        Box::pin(instance::run(controllers, self.clone(), ended))
    }

    fn foretell<'a>(
        &'a self,
        controllers: &'a Controllers,
        object: &'a dyn Hub,
    ) -> BoxFuture<'a, Option<Plan>> {
        match object.downcast::<K>() {
            Some(object) => Box::pin(instance::foretold(controllers, self, object)),
            None => Box::pin(std::future::ready(None)),
        }
    }
}

/// Every kind of databases with its backends: a kind that nobody answers has none, and its objects are told so.
#[derive(Clone)]
pub struct Kinds(Arc<[Box<dyn Answered>]>);

impl Kinds {
    /// The backends, each once, however many kinds it answers.
    pub fn backends(&self) -> Vec<Arc<dyn Backend>> {
        let mut all: Vec<Arc<dyn Backend>> = Vec::new();
        for backend in self.0.iter().flat_map(|kind| kind.backends()) {
            let known =
                all.iter().any(|known| Arc::as_ptr(known).cast::<()>() == Arc::as_ptr(&backend).cast());
            if !known {
                all.push(backend);
            }
        }
        all
    }

    /// Whether a backend has this name, whichever kinds it answers.
    pub(super) fn know(&self, controller_name: &str) -> bool {
        self.backends().iter().any(|backend| backend.controller_name() == controller_name)
    }

    /// What an object as it is about to be written will disturb, of whichever kind it is.
    pub(super) async fn foretell(&self, controllers: &Controllers, object: &dyn Hub) -> Option<Plan> {
        for kind in &*self.0 {
            if let Some(plan) = kind.foretell(controllers, object).await {
                return Some(plan);
            }
        }
        None
    }

    /// The controllers of all kinds.
    pub(super) fn run<'a>(
        &'a self,
        controllers: &'a Arc<Controllers>,
        ended: &'a CancellationToken,
    ) -> impl Iterator<Item = BoxFuture<'static, ()>> + 'a {
        self.0.iter().map(|kind| kind.run(controllers.clone(), ended.clone()))
    }
}

/// Collects who answers which kind. A backend of several kinds is named for each.
#[derive(Default)]
pub struct Answering(HashMap<TypeId, Box<dyn Any + Send + Sync>>);

impl Answering {
    /// A backend answers a kind.
    #[must_use]
    pub fn with<K: Database>(mut self, backend: Arc<dyn Answers<K>>) -> Self {
        let list = self.0.entry(TypeId::of::<K>()).or_insert_with(|| Box::new(List::<K>::new()));
        if let Some(list) = list.downcast_mut::<List<K>>() {
            list.push(backend);
        }
        self
    }

    /// All kinds of databases that there are.
    pub fn kinds(self) -> Kinds {
        let mut all = All { answering: self.0, kinds: Vec::new() };
        each(&mut all);
        Kinds(all.kinds.into())
    }
}

type List<K> = Vec<Arc<dyn Answers<K>>>;

struct All {
    answering: HashMap<TypeId, Box<dyn Any + Send + Sync>>,
    kinds: Vec<Box<dyn Answered>>,
}

impl Visitor for All {
    fn visit<K: Database>(&mut self) {
        let list = self.answering.remove(&TypeId::of::<K>()).and_then(|list| list.downcast::<List<K>>().ok());
        self.kinds.push(Box::new(Backends::<K>(list.map_or_else(Vec::new, |list| *list).into())));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::fake::{CONTROLLER_NAME, Fake};
    use databases_api::instance;
    use databases_api::postgresql::PostgreSQL;

    #[test]
    fn every_kind_has_a_controller_even_if_nobody_answers_it() {
        let kinds = Answering::default().kinds();
        assert_eq!(kinds.0.len(), instance::all().len());
        assert!(kinds.backends().is_empty());
    }

    #[test]
    fn a_backend_of_several_kinds_is_one() {
        let fake = Fake::new();
        let kinds = Answering::default().with::<PostgreSQL>(fake.clone()).with::<PostgreSQL>(fake).kinds();
        let backends = kinds.backends();
        assert_eq!(
            backends.iter().map(|backend| backend.controller_name()).collect::<Vec<_>>(),
            [CONTROLLER_NAME]
        );
    }

    #[test]
    fn a_backend_is_known_to_the_kinds_that_it_does_not_answer() {
        let other: Box<dyn Answered> = Box::new(Backends::<PostgreSQL>([].into()));
        let own: Box<dyn Answered> =
            Box::new(Backends::<PostgreSQL>([Fake::new() as Arc<dyn Answers<PostgreSQL>>].into()));
        assert!(!Kinds([other].into()).know(CONTROLLER_NAME));
        let other: Box<dyn Answered> = Box::new(Backends::<PostgreSQL>([].into()));
        let kinds = Kinds([other, own].into());
        assert!(kinds.know(CONTROLLER_NAME) && !kinds.know("example.com/x"));
    }

    #[test]
    fn what_controllers_select_by_can_be_selected_in_every_kind() {
        for facts in instance::all() {
            assert!(
                facts.definition.selectable_fields.iter().any(|field| field.name == "spec.className"),
                "{}",
                facts.definition.kind
            );
        }
    }
}
