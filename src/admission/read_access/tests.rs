//! Who may name which Secret, and who may copy what.

use super::*;
use crate::admission::testing::created;
use crate::cluster::Access;
use databases_api::GROUP;
use databases_api::postgresql::PostgreSQL;
use databases_api::shared::{LocalRef, ObjectRef, SourceRef, Tls};

/// Lets users read the Secret `open` and that of the PostgreSQL `open`, in any namespace, and every PostgreSQL but `hidden`. It
/// says nothing of `silent`.
struct Cluster;

#[async_trait]
impl AccessReview for Cluster {
    async fn review(&self, question: SubjectAccessReviewSpec) -> Result<Access, String> {
        assert_eq!(question.user.as_deref(), Some("ada"));
        let asked = question.resource_attributes.unwrap();
        assert_eq!(asked.verb.as_deref(), Some("get"));
        let name = asked.name.as_deref().unwrap();
        let allowed = match (asked.group.as_deref(), asked.version.as_deref(), asked.resource.as_deref()) {
            _ if name == "silent" => return Err("the cluster is silent".into()),
            (None, Some("v1"), Some("secrets")) => ["open", "open-binding"].contains(&name),
            (Some(GROUP), Some("v1"), Some("postgresqls")) => name != "hidden",
            _ => panic!("nobody names such an object: {asked:?}"),
        };
        Ok(Access { allowed, reason: String::new() })
    }
}

async fn judged<K: Hub>(
    operation: Operation,
    object: &K,
    old: Option<&K>,
    by_a_user: bool,
) -> Result<(), ApiError> {
    let definition = object.definition();
    let attributes = created(definition, &definition.versions[0], "");
    let origin = attributes.origin.filter(|_| by_a_user);
    let attributes = Attributes { operation, name: "shop", origin, ..attributes };
    let step = ReadAccess::new(Arc::new(Cluster));
    step.validate(&attributes, object, old.map(|old| old as &dyn Hub)).await
}

fn secret(namespace: &str, name: &str) -> ObjectRef {
    ObjectRef {
        kind: "Secret".into(),
        name: name.into(),
        namespace: namespace.into(),
        ..ObjectRef::default()
    }
}

fn shop() -> PostgreSQL {
    let mut object = PostgreSQL::default();
    (object.metadata.namespace, object.metadata.name) = ("demo".into(), "shop".into());
    object
}

fn adopting(name: &str) -> PostgreSQL {
    let mut object = shop();
    object.spec.instance.adopt_ref = Some(secret("", name));
    object
}

#[tokio::test]
async fn a_secret_is_named_by_who_may_read_it() {
    assert!(judged(Operation::Create, &adopting("open"), None, true).await.is_ok());
    let refused = judged(Operation::Create, &adopting("admin"), None, true).await.unwrap_err();
    let text = refused.to_string();
    assert!(refused.code() == 403 && text.contains("spec.adoptRef names Secret demo/admin"), "{text}");
    let mut served = shop();
    let certificate = LocalRef { name: "admin".into() };
    served.spec.instance.tls = Some(Tls { certificate_secret_ref: Some(certificate), ..Tls::default() });
    let refused = judged(Operation::Update, &served, Some(&shop()), true).await.unwrap_err();
    assert!(refused.to_string().contains("spec.tls.certificateSecretRef"), "{refused}");
    let unanswered = judged(Operation::Create, &adopting("silent"), None, true).await.unwrap_err();
    assert!(unanswered.code() == 500, "no answer is no refusal: {unanswered}");
}

#[tokio::test]
async fn nobody_is_asked_about_what_stood_there_and_what_is_no_secret() {
    let (old, mut new) = (adopting("admin"), adopting("admin"));
    new.spec.instance.instances = Some(3);
    assert!(judged(Operation::Update, &new, Some(&old), true).await.is_ok());
    assert!(judged(Operation::Create, &adopting("admin"), None, false).await.is_ok(), "the server itself");
    let mut other = adopting("admin");
    other.spec.instance.adopt_ref = Some(ObjectRef { kind: "Cluster".into(), ..secret("", "admin") });
    assert!(judged(Operation::Create, &other, None, true).await.is_ok());
}

#[tokio::test]
async fn a_class_names_no_secret_that_its_author_may_not_read() {
    let mut class = DatabaseClass::default();
    class.spec.parameters_ref = Some(secret("platform", "server"));
    let refused = judged(Operation::Create, &class, None, true).await.unwrap_err();
    assert!(refused.to_string().contains("spec.parametersRef names Secret platform/server"), "{refused}");
    class.spec.parameters_ref = Some(secret("platform", "open"));
    assert!(judged(Operation::Create, &class, None, true).await.is_ok());
}

fn copying(name: &str) -> PostgreSQL {
    let mut object = shop();
    let (api_group, kind, name) = (GROUP.into(), "PostgreSQL".into(), name.into());
    object.spec.instance.data_source_ref = Some(SourceRef { api_group, kind, name });
    object
}

#[tokio::test]
async fn who_copies_a_database_may_get_it_and_what_opens_it() {
    assert!(judged(Operation::Create, &copying("open"), None, true).await.is_ok());
    for (name, why) in [
        ("hidden", "spec.dataSourceRef names PostgreSQL demo/hidden, which user \"ada\" cannot get"),
        (
            "b",
            "spec.dataSourceRef copies what is opened by Secret demo/b-binding, which user \"ada\" cannot get",
        ),
    ] {
        let refused = judged(Operation::Create, &copying(name), None, true).await.unwrap_err();
        assert!(refused.code() == 403 && refused.to_string().contains(why), "{refused}");
        let refused = judged(Operation::Update, &copying(name), Some(&copying("open")), true).await;
        assert_eq!(refused.unwrap_err().code(), 403);
    }
    let unanswered = judged(Operation::Create, &copying("silent"), None, true).await.unwrap_err();
    assert_eq!(unanswered.code(), 500);
}

#[tokio::test]
async fn nobody_is_asked_about_a_copy_that_somebody_else_asked_for() {
    let (old, mut new) = (copying("hidden"), copying("hidden"));
    new.spec.instance.instances = Some(3);
    assert!(judged(Operation::Update, &new, Some(&old), true).await.is_ok());
    assert!(judged(Operation::Create, &copying("hidden"), None, false).await.is_ok(), "the server itself");
}
