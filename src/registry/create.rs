//! Creation (V-10…V-14).

use super::store::{Put, storage_error};
use super::write::{Part, Stages};
use super::{Store, Stored, meta};
use crate::admission::{Attributes, Operation, Origin};
use apimachinery::kind::Hub;
use apimachinery::status::ApiError;
use databases_storage::ReadAt;
use std::sync::Arc;

/// Names are tried so many times before a creation with `generateName` gives up.
const ATTEMPTS: usize = 8;

/// How an object is to be created.
#[derive(Clone, Copy, Debug, Default)]
pub struct CreateOptions<'a> {
    /// Everything but the write.
    pub dry_run: bool,
    /// Whose request it is; `None` where the server itself writes.
    pub origin: Option<Origin<'a>>,
    /// The name of what writes; may be empty.
    pub manager: &'a str,
    /// Whether the object says already who owns its fields.
    pub is_owned: bool,
}

impl Store {
    /// Creates an object.
    pub async fn create(
        &self,
        namespace: &str,
        mut object: Box<dyn Hub>,
        options: CreateOptions<'_>,
    ) -> Result<Arc<Stored>, ApiError> {
        let _underway = self.creations.begin();
        meta::settle_namespace(self.definition, object.as_mut(), namespace)?;
        let given = object.meta().name.clone();
        let stated = object.meta().resource_version.clone();
        let stages = self.creation(namespace, &given, options);
        stages.prepare(self, &mut object).await?;
        let generated = object.meta().name.is_empty() && !object.meta().generate_name.is_empty();
        for attempt in 1.. {
            if generated {
                let name = meta::generate_name(&object.meta().generate_name);
                object.meta_mut().name = name;
                // Something may follow from it.
                object.default_fields();
            }
            stages.validate(self, object.as_ref()).await?;
            let name = object.meta().name.clone();
            if options.dry_run {
                object.meta_mut().resource_version = stated;
                return self.pretend(object).await;
            }
            // Storage refuses it in Kubernetes, and so not where nothing is stored.
            if stated.parse::<u64>().is_ok_and(|version| version != 0) {
                return Err(ApiError::untyped("resourceVersion should not be set on objects to be created"));
            }
            let key = self.key(namespace, &name);
            match self.put(&key, object, None).await? {
                Put::Done(stored) => return Ok(stored),
                Put::Conflict { object: Some(again), .. } if generated && attempt < ATTEMPTS => {
                    object = again
                }
                Put::Conflict { .. } if generated => {
                    return Err(ApiError::generated_name_exists(self.definition, &name));
                }
                Put::Conflict { existing, .. } => {
                    let going = match existing {
                        // What cannot be read is there all the same.
                        Some(value) => self.decode(&value).await.is_ok_and(|stored| is_going(&stored)),
                        None => false,
                    };
                    return Err(ApiError::already_exists(self.definition, &name, going));
                }
            }
        }
        unreachable!("the last attempt returns")
    }

    /// Waits for the creations that have begun: what they were judged by may not hold any more.
    pub async fn creations_ended(&self) {
        self.creations.ended().await;
    }

    fn creation<'a>(&self, namespace: &'a str, name: &'a str, options: CreateOptions<'a>) -> Stages<'a> {
        let CreateOptions { dry_run, origin, manager, is_owned } = options;
        let operation = Operation::Create;
        let definition = self.definition;
        let attributes = Attributes { operation, definition, namespace, name, dry_run, origin };
        Stages { part: Part::Main, manager, is_owned, attributes, old: None }
    }

    /// A dry run ends where the write would stand: a conflict shows, and the resource version is what the client said.
    async fn pretend(&self, object: Box<dyn Hub>) -> Result<Arc<Stored>, ApiError> {
        let meta = object.meta();
        let key = self.key(&meta.namespace, &meta.name);
        let read = self.storage.get(&key, ReadAt::Latest).await;
        if let (Some(existing), _) = read.map_err(|error| storage_error(&error))? {
            let going = self.decode(&existing).await.is_ok_and(|stored| is_going(&stored));
            return Err(ApiError::already_exists(self.definition, &meta.name, going));
        }
        Ok(Arc::new(Stored::unwritten(object)))
    }
}

fn is_going(stored: &Stored) -> bool {
    stored.object().meta().deletion_timestamp.is_some()
}
