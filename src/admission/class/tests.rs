//! What is refused of an object by its class, in which words, and what a class is warned of.

use super::*;
use crate::admission::NamespaceState;
use crate::admission::testing::created;
use crate::admission::{Origin, Warnings};
use apimachinery::meta::{ConditionStatus, set_condition};
use databases_api::databaseclass::{Engine, EngineVersion, OfferedResource, SupportedFeature};
use databases_api::postgresql::PostgreSQL;
use serde_json::Value;
use std::collections::BTreeMap;

/// These classes; what is in memory of them is older than what is stored.
#[derive(Default)]
struct Known {
    cached: Vec<DatabaseClass>,
    newest: Vec<DatabaseClass>,
    /// What controllers say of a class.
    offered: Option<DatabaseClass>,
}

#[async_trait]
impl Classes for Known {
    async fn all(&self, freshness: Freshness) -> Result<Vec<DatabaseClass>, ApiError> {
        Ok(match freshness {
            Freshness::Cached => self.cached.clone(),
            Freshness::Newest => self.newest.clone(),
        })
    }

    fn answers(&self, controller_name: &str) -> bool {
        !controller_name.starts_with("elsewhere.")
    }

    async fn offered(&self, _: &DatabaseClass) -> Option<DatabaseClass> {
        self.offered.clone()
    }
}

struct Demo;

#[async_trait]
impl Namespaces for Demo {
    async fn state(&self, _: &str, _: Freshness) -> Result<NamespaceState, ApiError> {
        Ok(NamespaceState::Active)
    }
    async fn labels(&self, _: &str, _: Freshness) -> Result<BTreeMap<String, String>, ApiError> {
        Ok(BTreeMap::new())
    }
    async fn object(&self, _: &str, _: Freshness) -> Result<Option<Value>, ApiError> {
        Ok(None)
    }
}

/// A class that offers version 17, replicas, and two processors.
fn gold() -> DatabaseClass {
    let mut class = DatabaseClass::default();
    class.metadata.name = "gold".into();
    let version = EngineVersion { name: "17".into(), default: true, ..EngineVersion::default() };
    class.status.engines =
        vec![Engine { kind: "PostgreSQL".into(), versions: vec![version], ..Engine::default() }];
    let most = Some("2".parse().unwrap());
    class.status.resources =
        vec![OfferedResource { name: "cpu".into(), max_request: most, ..OfferedResource::default() }];
    set_condition(&mut class.status.conditions, "Accepted", ConditionStatus::True, "Accepted", "", 1);
    class
}

fn shop() -> PostgreSQL {
    let mut object = PostgreSQL::default();
    object.spec.instance.class_name = "gold".into();
    object.spec.instance.storage.size = Some("1Gi".parse().unwrap());
    object
}

/// What becomes of a write: the message of its refusal, and the warnings.
async fn written<K: Hub + Clone>(known: Known, object: &K, old: Option<&K>) -> (Option<String>, Vec<String>) {
    let (definition, warnings) = (object.definition(), Warnings::new());
    let attributes = created(definition, &definition.versions[0], "");
    let origin = attributes.origin.map(|origin| Origin { warnings: &warnings, ..origin });
    let operation = if old.is_some() { Operation::Update } else { Operation::Create };
    let attributes = Attributes { operation, origin, ..attributes };
    let step = ClassAdmission::new(Arc::new(known), Arc::new(Demo));
    let (mut object, old): (Box<dyn Hub>, _) = (Box::new(object.clone()), old.map(|old| old as &dyn Hub));
    let judged = match step.mutate(&attributes, &mut object, old).await {
        Ok(()) => step.validate(&attributes, &*object, old).await,
        refused => refused,
    };
    (judged.err().map(|error| error.to_string()), warnings.take())
}

fn only(class: DatabaseClass) -> Known {
    Known { cached: vec![class.clone()], newest: vec![class], ..Known::default() }
}

#[tokio::test]
async fn who_names_no_class_that_is_there_is_told_which_are() {
    let mut misspelt = shop();
    misspelt.spec.instance.class_name = "glod".into();
    let told = "spec.className: there is no DatabaseClass \"glod\" (there are: gold): the object waits until there is one";
    assert_eq!(written(only(gold()), &misspelt, None).await, (None, vec![told.to_owned()]));
    let mut unnamed = shop();
    unnamed.spec.instance.class_name.clear();
    let told = "spec.className: no DatabaseClass is the default for PostgreSQL (there is none at all): the object waits until \
                there is one";
    assert_eq!(written(Known::default(), &unnamed, None).await, (None, vec![told.to_owned()]));
    let mut noted = misspelt.clone();
    noted.metadata.labels.insert("team".into(), "docs".into());
    assert_eq!(written(only(gold()), &noted, Some(&misspelt)).await, (None, vec![]), "nothing new is wanted");
}

#[tokio::test]
async fn a_default_that_the_class_does_not_offer_is_refused_as_the_classs_own() {
    let mut class = gold();
    class.spec.defaults.get_or_insert_default().version = "12".into();
    let (refused, _) = written(only(class.clone()), &shop(), None).await;
    let refused = refused.expect("there is no version 12");
    let told = "spec.version: Unsupported value: \"12\": supported values: \"17\"; this is the default of class \"gold\": set \
                spec.version here, or change the class";
    assert!(refused.ends_with(told), "{refused}");
    let mut stated = shop();
    stated.spec.instance.version = "17".into();
    assert_eq!(written(only(class), &stated, None).await, (None, vec![]));
}

#[tokio::test]
async fn a_default_for_which_the_class_has_no_feature_is_refused_as_the_classs_own() {
    let mut class = gold();
    class.spec.defaults.get_or_insert_default().instances = Some(2);
    let (refused, _) = written(only(class), &shop(), None).await;
    let refused = refused.expect("there are no replicas");
    assert!(refused.contains("spec.instances: feature \"PostgreSQLReplicas\" is not supported"), "{refused}");
    assert!(refused.contains("this is the default of class \"gold\": set spec.instances here"), "{refused}");
}

#[tokio::test]
async fn what_the_offer_does_not_bear_is_refused_by_the_newest_offer_alone() {
    let mut larger = gold();
    larger.status.resources[0].max_request = Some("8".parse().unwrap());
    let mut wish = shop();
    let requests = &mut wish.spec.instance.resources.get_or_insert_default().requests;
    requests.insert("cpu".into(), "4".parse().unwrap());
    let (refused, _) = written(only(gold()), &wish, None).await;
    let refused = refused.expect("there are two processors");
    assert!(
        refused.contains("spec.resources.requests[cpu]: Invalid value: \"4\": class \"gold\""),
        "{refused}"
    );
    let grown = Known { cached: vec![gold()], newest: vec![larger], ..Known::default() };
    assert_eq!(written(grown, &wish, None).await.0, None);
    // What runs with it is not held back when the offer shrinks.
    let mut more = wish.clone();
    more.spec.instance.storage.size = Some("2Gi".parse().unwrap());
    let (refused, _) = written(only(gold()), &more, Some(&wish)).await;
    assert!(!refused.unwrap_or_default().contains("spec.resources"));
}

#[tokio::test]
async fn a_new_major_version_is_not_advised_by_a_class_that_takes_nobody_there() {
    let mut old = shop();
    old.spec.instance.version = "15".into();
    old.status.instance.version = "15.18".into();
    let (mut new, mut unlisted) = (old.clone(), old.clone());
    new.spec.instance.version = "17".into();
    unlisted.spec.instance.version = "16".into();
    let (refused, _) = written(only(gold()), &new, Some(&old)).await;
    let told = "spec.version: Forbidden: is a new major version, and class \"gold\" does not support \
                \"PostgreSQLInPlaceMajorUpgrade\": copy the data to a new object of that version";
    assert!(refused.as_ref().is_some_and(|refused| refused.ends_with(told)), "{refused:?}");
    let (refused, _) = written(only(gold()), &unlisted, Some(&old)).await;
    assert!(refused.is_some_and(|refused| refused.ends_with("supported values: \"17\"")));
    let mut class = gold();
    class.status.supported_features = vec![SupportedFeature { name: "PostgreSQLInPlaceMajorUpgrade".into() }];
    assert_eq!(written(only(class), &new, Some(&old)).await.0, None, "its own rules say how");
}

#[tokio::test]
async fn more_room_than_there_is_is_warned_of_and_taken() {
    let mut class = gold();
    class.status.storage_capacity = Some("50Gi".parse().unwrap());
    let mut wish = shop();
    wish.spec.instance.storage.size = Some("1Ei".parse().unwrap());
    let (refused, warnings) = written(only(class), &wish, None).await;
    assert_eq!(refused, None);
    assert!(warnings[0].starts_with("spec.storage.size: 1Ei is more than the 50Gi"), "{warnings:?}");
}

#[tokio::test]
async fn a_class_that_is_changed_is_told_what_of_it_nobody_can_use() {
    let mut old = gold();
    let defaults = old.spec.defaults.get_or_insert_default();
    defaults.version = "12".into();
    defaults.storage.get_or_insert_default().size = Some("1Mi".parse().unwrap());
    old.spec.controller_name = "example.com/x".into();
    let mut new = old.clone();
    new.spec.description = "for the shop".into();
    let (refused, warnings) = written(only(old.clone()), &new, Some(&old)).await;
    assert_eq!(refused, None);
    assert_eq!(
        warnings,
        [
            "spec.defaults.storage.size: Invalid value: \"1Mi\": must be 128Mi or more: a new PostgreSQL takes half of that: it \
             was so before, and is left",
            "spec.defaults.version: Unsupported value: \"12\": supported values: \"17\": objects that take this default are refused",
        ]
    );
    let (_, warnings) = written(only(old.clone()), &old, Some(&old)).await;
    assert_eq!(warnings, [""; 0], "a write that changes nothing of it is not spoken to");
}

#[tokio::test]
async fn a_new_class_is_told_what_its_controller_will_say_of_it() {
    let mut new = DatabaseClass::default();
    new.metadata.name = "silver".into();
    new.spec.controller_name = "example.com/x".into();
    new.spec.defaults.get_or_insert_default().version = "12".into();
    let most = &mut new.spec.limits.get_or_insert_default().max_resources;
    most.insert("cpu".into(), "1m".parse().unwrap());
    let said = |status| {
        let mut offered = gold();
        offered.spec = new.spec.clone();
        offered.status.resources[0].min_limit = Some("50m".parse().unwrap());
        let why = "there is no ConfigMap demo/gold, which spec.parametersRef names";
        set_condition(&mut offered.status.conditions, "Accepted", status, "", why, 1);
        Known { offered: Some(offered), ..Known::default() }
    };
    let lacking = "spec.defaults.version: Unsupported value: \"12\": supported values: \"17\": objects that take this default are refused";
    let least = "spec.limits.maxResources[cpu]: Invalid value: \"1m\": no server does with less than 50m: every object of this class is refused";
    assert_eq!(
        written(said(ConditionStatus::True), &new, None).await,
        (None, vec![lacking.into(), least.into()])
    );
    let (_, warnings) = written(said(ConditionStatus::False), &new, None).await;
    let missing = "there is no ConfigMap demo/gold, which spec.parametersRef names: until that changes, the class takes no new objects";
    assert_eq!(warnings[0], missing);
    let nobody_answers = Known::default();
    assert_eq!(written(nobody_answers, &new, None).await, (None, vec![]));
}

#[tokio::test]
async fn a_new_class_that_nobody_here_answers_is_told_so_once_and_taken() {
    let mut new = DatabaseClass::default();
    new.metadata.name = "silver".into();
    new.spec.controller_name = "elsewhere.example.com/x".into();
    let told = "spec.controllerName: no controller of this server has the name \"elsewhere.example.com/x\": objects of this class \
                wait until another program that has it answers them";
    assert_eq!(written(Known::default(), &new, None).await, (None, vec![told.into()]));
    let mut changed = new.clone();
    changed.spec.description = "for the shop".into();
    assert_eq!(written(Known::default(), &changed, Some(&new)).await, (None, vec![]));
}

#[tokio::test]
async fn several_default_classes_of_a_kind_are_told_of_and_which_one_counts() {
    let (mut old, mut new) = (gold(), gold());
    old.spec.default_for = vec!["PostgreSQL".into()];
    old.metadata.creation_timestamp = Some(Time::from_seconds(1));
    new.metadata.name = "silver".into();
    new.spec.default_for = vec!["PostgreSQL".into(), "PostgreSQL".into()];
    let several = |index: usize, newest: &str| {
        format!(
            "spec.defaultFor[{index}]: PostgreSQL has several default classes (gold, silver): an object that names none gets the \
             newest, {newest:?}"
        )
    };
    let twice = "spec.defaultFor[1]: PostgreSQL is spec.defaultFor[0] already".to_owned();
    assert_eq!(written(only(old.clone()), &new, None).await, (None, vec![several(0, "silver"), twice]));
    new.metadata.creation_timestamp = Some(Time::from_seconds(0));
    new.spec.default_for.truncate(1);
    let before = DatabaseClass { spec: DatabaseClass::default().spec, ..new.clone() };
    let (_, warnings) = written(only(old.clone()), &new, Some(&before)).await;
    assert_eq!(warnings.last(), Some(&several(0, "gold")));
    old.metadata.deletion_timestamp = old.metadata.creation_timestamp;
    assert_eq!(written(only(old), &new, Some(&before)).await.1.len(), warnings.len() - 1);
}
