//! What a test may use: databases of the class that is tried, in a namespace of its own or one that is there.

use super::backup::Place;
use super::class::{Class, KIND};
use super::database::Database;
use super::failure::{Failure, Verdict};
use super::kept::Kept;
use databases_api::GROUP;
use k8s_openapi::api::core::v1::{Event, Namespace};
use kube::Client;
use kube::api::{Api, ApiResource, DeleteParams, DynamicObject, GroupVersionKind, ListParams, PostParams};
use rand::RngExt;
use serde_json::{Value, json};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::OnceCell;

/// How long is waited.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// For an object to become what it should.
    pub(super) timeout: Duration,
    /// For what a database does by itself, such as replicating a row.
    pub(super) grace: Duration,
    /// Over which nothing may happen that should not.
    pub(super) quiet: Duration,
}

/// What was made and has to be removed.
#[derive(Default)]
struct Made {
    databases: Vec<Database>,
    kept: Vec<Kept>,
    namespace: bool,
    /// What stays, in words.
    left: Vec<String>,
}

/// One run over one class.
pub(super) struct Suite {
    pub(super) class: Class,
    pub(super) limits: Limits,
    pub(super) client: Client,
    namespace: String,
    /// What the names of this run end with.
    run: String,
    made: Mutex<Made>,
    common: OnceCell<Result<Database, Failure>>,
}

/// The kinds of the standard, as a client names them.
pub(super) fn resource(kind: &str, plural: &str) -> ApiResource {
    ApiResource::from_gvk_with_plural(&GroupVersionKind::gvk(GROUP, "v1", kind), plural)
}

impl Suite {
    pub(super) fn new(client: Client, class: Class, namespace: &str, limits: Limits) -> Self {
        let run = format!("{:05x}", rand::rng().random_range(0..0x10_0000));
        let (made, common) = (Mutex::default(), OnceCell::new());
        Suite { class, limits, client, namespace: namespace.to_owned(), run, made, common }
    }

    fn made(&self) -> MutexGuard<'_, Made> {
        self.made.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn databases(&self) -> Api<DynamicObject> {
        let resource = resource(KIND, "postgresqls");
        Api::namespaced_with(self.client.clone(), &self.namespace, &resource)
    }

    /// Makes the namespace where there is none.
    pub(super) async fn prepare(&self) -> Verdict {
        let namespaces: Api<Namespace> = Api::all(self.client.clone());
        if namespaces.get_opt(&self.namespace).await?.is_none() {
            let namespace = Namespace {
                metadata: kube::api::ObjectMeta { name: Some(self.namespace.clone()), ..Default::default() },
                ..Namespace::default()
            };
            self.made().namespace = true;
            namespaces.create(&PostParams::default(), &namespace).await?;
        }
        Ok(())
    }

    pub(super) fn manifest(&self, name: &str, spec: &Value) -> Value {
        let mut object = json!({
            "apiVersion": format!("{GROUP}/v1"), "kind": KIND, "metadata": {"name": name},
            "spec": {"className": self.class.name, "storage": {"size": "1Gi"}, "deletionPolicy": "Delete"},
        });
        apimachinery::json_patch::merge(&mut object["spec"], spec);
        object
    }

    fn named(&self, word: &str) -> Database {
        Database {
            name: format!("conformance-{word}-{}", self.run),
            limits: self.limits,
            api: self.databases(),
            secrets: Api::namespaced(self.client.clone(), &self.namespace),
        }
    }

    /// Creates a database; `spec` is merged over the smallest one.
    pub(super) async fn created(&self, word: &str, spec: Value) -> Result<Database, Failure> {
        let database = self.named(word);
        let object = serde_json::from_value(self.manifest(&database.name, &spec));
        let object = object.map_err(|error| Failure::new(error.to_string()))?;
        self.made().databases.push(database.clone());
        database.api.create(&PostParams::default(), &object).await?;
        Ok(database)
    }

    /// Creates a database, and waits until everything that its spec asks for is said to be so.
    pub(super) async fn ready(&self, word: &str, spec: Value) -> Result<Database, Failure> {
        let database = self.created(word, spec).await?;
        database.current().await?;
        Ok(database)
    }

    /// What the server answers to a creation that nothing comes of.
    pub(super) async fn tried(&self, word: &str, spec: Value) -> Result<DynamicObject, kube::Error> {
        self.dry_run(word, self.manifest("", &spec)).await
    }

    /// The same, to a manifest of somebody's for this class.
    pub(super) async fn tried_manifest(&self, mut object: Value) -> Result<DynamicObject, kube::Error> {
        object["spec"]["className"] = self.class.name.as_str().into();
        self.dry_run("manifest", object).await
    }

    async fn dry_run(&self, word: &str, mut object: Value) -> Result<DynamicObject, kube::Error> {
        let database = self.named(word);
        object["metadata"] = json!({"name": database.name});
        let object = serde_json::from_value(object).map_err(kube::Error::SerdeError)?;
        database.api.create(&PostParams { dry_run: true, ..PostParams::default() }, &object).await
    }

    /// The database that tests share which only look.
    pub(super) async fn common(&self) -> Result<&Database, Failure> {
        let made = self.common.get_or_init(|| self.ready("common", json!({}))).await;
        made.as_ref().map_err(Clone::clone)
    }

    /// The same; none where no test asked for it, or it did not come up.
    pub(super) fn shared(&self) -> Option<&Database> {
        self.common.get()?.as_ref().ok()
    }

    /// The exact version that it has; empty where there is none.
    pub(super) async fn engine(&self) -> String {
        let Some(database) = self.shared() else { return String::new() };
        let seen = database.read().await.unwrap_or_default();
        seen.text("/status/version").to_owned()
    }

    /// Data that stays when its database goes, and is to be removed with the others.
    pub(super) fn keeps(&self, kept: &Kept) {
        self.made().kept.push(kept.clone());
    }

    /// A backup that stays when its database goes.
    pub(super) fn keeps_backup(&self, place: &Place) {
        self.made().left.push(format!("the backup {place}, which deletionPolicy Snapshot keeps"));
    }

    /// What was said of a database, by its uid, in events with that reason.
    pub(super) async fn told(&self, uid: &str, reason: &str) -> Result<Vec<String>, Failure> {
        let events: Api<Event> = Api::namespaced(self.client.clone(), &self.namespace);
        let all = events.list(&ListParams::default()).await?;
        let is_it = |event: &Event| {
            event.involved_object.uid.as_deref() == Some(uid) && event.reason.as_deref() == Some(reason)
        };
        Ok(all.items.into_iter().filter(is_it).filter_map(|event| event.message).collect())
    }

    /// Removes what the last test made; what others share stays.
    pub(super) async fn tidy(&self) {
        let common = self.shared().map(|common| common.name.clone());
        self.remove(|database| Some(&database.name) != common.as_ref()).await;
    }

    /// Removes everything; what could not be, and what deletion keeps, in words.
    pub(super) async fn clean(&self) -> Vec<String> {
        self.remove(|_| true).await;
        let (namespace, mut left) = {
            let mut made = self.made();
            (std::mem::take(&mut made.namespace), std::mem::take(&mut made.left))
        };
        if namespace {
            let namespaces: Api<Namespace> = Api::all(self.client.clone());
            if let Err(error) = namespaces.delete(&self.namespace, &DeleteParams::default()).await {
                left.push(format!("namespace {}: {}", self.namespace, Failure::from(error)));
            }
        }
        left
    }

    /// Removes databases, and what others left. What is not removed yet stays on the list: a run may be cut off here.
    async fn remove(&self, which: impl Fn(&Database) -> bool) {
        let (goes, kept) = {
            let made = self.made();
            let goes = made.databases.iter().filter(|database| which(database)).cloned();
            (goes.collect::<Vec<Database>>(), made.kept.clone())
        };
        let remove = async |database: Database| {
            let removed = database.removed().await;
            let mut made = self.made();
            made.databases.retain(|other| other.name != database.name);
            if let Err(error) = removed {
                made.left.push(format!("{KIND} {}: {error}", database.name));
            }
        };
        futures_util::future::join_all(goes.into_iter().map(remove)).await;
        for kept in kept {
            let (name, secret) = (&kept.database.name, &kept.secret);
            let ended = self.end(&kept).await;
            let deleted = kept.database.secrets.delete(secret, &DeleteParams::default()).await;
            let mut made = self.made();
            made.kept.retain(|other| other.secret != *secret);
            if let Err(error) = ended {
                made.left.push(format!("the data of {name}, which its deletionPolicy Retain kept: {error}"));
            }
            match deleted {
                Err(kube::Error::Api(status)) if status.code == 404 => {}
                Err(error) => made.left.push(format!("Secret {secret}: {}", Failure::from(error))),
                Ok(_) => {}
            }
        }
    }
}
