//! What is asked for, and how often.

use super::super::expression::{Expression, Name, Variables};
use super::*;
use async_trait::async_trait;

/// Allows reading, knows nothing of secrets, and remembers what it was asked.
#[derive(Default)]
struct Cluster(Mutex<Vec<SubjectAccessReviewSpec>>);

#[async_trait]
impl AccessReview for Cluster {
    async fn review(&self, question: SubjectAccessReviewSpec) -> Result<Access, String> {
        self.0.lock().unwrap().push(question.clone());
        tokio::task::yield_now().await;
        let verb = match (&question.resource_attributes, &question.non_resource_attributes) {
            (Some(attributes), _) if attributes.resource.as_deref() == Some("secrets") => {
                return Err("the cluster is silent".to_owned());
            }
            (Some(attributes), _) => attributes.verb.clone(),
            (None, attributes) => attributes.as_ref().and_then(|attributes| attributes.verb.clone()),
        };
        Ok(Access { allowed: verb.as_deref() == Some("get"), reason: "a rule".to_owned() })
    }
}

async fn holds(text: &str) -> (Result<bool, String>, Vec<SubjectAccessReviewSpec>) {
    let (checks, cluster, expression) = (Checks::default(), Cluster::default(), Expression::new(text));
    let requester = Requester { name: "ada", uid: "1", groups: &["one".to_owned()], extra: &[] };
    let evaluate = || {
        let mut variables = Variables::asking(&checks);
        let check = Check::of(&requester);
        variables.set(Name::Authorizer, check.clone().value());
        let about = check.about(["g", "things", "status", "demo", "wiki"]);
        variables.set(Name::RequestResource, about.value());
        expression.holds(&variables)
    };
    let outcome = settled(&checks, &cluster, evaluate).await;
    (outcome, cluster.0.into_inner().unwrap())
}

#[tokio::test]
async fn rights_are_asked_for_and_each_question_once() {
    for (text, expected, asked) in [
        ("authorizer.path('/x').check('get').allowed()", true, 1),
        ("authorizer.path('/x').check('post').allowed()", false, 1),
        ("authorizer.path('/x').check('get').reason() == 'a rule'", true, 1),
        (
            "authorizer.group('g').resource('r').check('get').allowed() && authorizer.group('g').resource('r').check('get').allowed()",
            true,
            1,
        ),
        ("['get', 'list'].all(verb, authorizer.group('g').resource('r').check(verb).allowed())", false, 2),
        ("authorizer.group('').resource('secrets').check('get').errored()", true, 1),
        ("authorizer.group('').resource('secrets').check('get').error() == 'the cluster is silent'", true, 1),
        ("authorizer.requestResource.check('get').allowed()", true, 1),
        ("false && authorizer.path('/x').check('get').allowed()", false, 0),
    ] {
        let (outcome, questions) = holds(text).await;
        assert_eq!((outcome, questions.len()), (Ok(expected), asked), "{text}");
    }
    let (outcome, questions) = holds("authorizer.check('get').allowed()").await;
    assert!(outcome.unwrap_err().contains("name a path or a resource first"));
    assert!(questions.is_empty());
}

#[tokio::test]
async fn a_question_says_everything_that_the_check_does() {
    let text = "authorizer.serviceAccount('ns', 'robot').group('apps').resource('deployments').subresource('scale')\
                .namespace('demo').name('web').fieldSelector('a=b').labelSelector('c').check('update').allowed()";
    let (_, questions) = holds(text).await;
    let question = &questions[0];
    assert_eq!(question.user.as_deref(), Some("system:serviceaccount:ns:robot"));
    assert!(question.groups.as_ref().unwrap().contains(&"system:serviceaccounts:ns".to_owned()));
    let attributes = question.resource_attributes.clone().unwrap();
    let texts = [attributes.group, attributes.resource, attributes.subresource, attributes.namespace];
    assert_eq!(texts.map(Option::unwrap), ["apps", "deployments", "scale", "demo"]);
    assert_eq!((attributes.name.as_deref(), attributes.verb.as_deref()), (Some("web"), Some("update")));
    assert_eq!(attributes.field_selector.unwrap().raw_selector.as_deref(), Some("a=b"));
    assert_eq!(attributes.label_selector.unwrap().raw_selector.as_deref(), Some("c"));
    let (_, questions) = holds("authorizer.requestResource.check('create').allowed()").await;
    let attributes = questions[0].resource_attributes.clone().unwrap();
    assert_eq!(questions[0].user.as_deref(), Some("ada"));
    assert_eq!(
        (attributes.name.as_deref(), attributes.subresource.as_deref()),
        (Some("wiki"), Some("status"))
    );
}
