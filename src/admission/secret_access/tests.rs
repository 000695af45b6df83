//! Who may name which Secret.

use super::*;
use crate::admission::{Options, Origin};
use crate::cluster::Access;
use databases_api::postgresql::PostgreSQL;
use databases_api::shared::{LocalRef, ObjectRef, Tls};

/// Lets users read the Secret `open`, in any namespace, and says nothing of `silent`.
struct Cluster;

#[async_trait]
impl AccessReview for Cluster {
    async fn review(&self, question: SubjectAccessReviewSpec) -> Result<Access, String> {
        assert_eq!(question.user.as_deref(), Some("ada"));
        let asked = question.resource_attributes.unwrap();
        assert_eq!((asked.verb.as_deref(), asked.resource.as_deref()), (Some("get"), Some("secrets")));
        match asked.name.as_deref() {
            Some("silent") => Err("the cluster is silent".into()),
            name => Ok(Access { allowed: name == Some("open"), reason: String::new() }),
        }
    }
}

async fn judged<K: Hub>(
    operation: Operation,
    object: &K,
    old: Option<&K>,
    by_a_user: bool,
) -> Result<(), ApiError> {
    let definition = object.definition();
    let requester = Requester { name: "ada", uid: "", groups: &[], extra: &[] };
    let options = Options::Write { kind: "CreateOptions", field_manager: "", field_validation: "" };
    let origin = Origin { requester, version: &definition.versions[0], subresource: "", options };
    let attributes = Attributes {
        operation,
        definition,
        namespace: "demo",
        name: "shop",
        dry_run: false,
        origin: by_a_user.then_some(origin),
    };
    let step = SecretAccess::new(Arc::new(Cluster));
    step.validate(&attributes, object, old.map(|old| old as &dyn Hub)).await.map(|_| ())
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
