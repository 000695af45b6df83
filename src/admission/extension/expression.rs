//! Expressions of the Common Expression Language, as match conditions and policies use them.
//!
//! An expression that cannot be read, or that uses a function this server does not know, fails whenever it is asked, and
//! the failure policy of who asks says what follows.

use super::authorizer::{Check, Checks};
use super::budget::{self, Budget};
use super::question::Question;
use super::{functions, values};
use apimachinery::kind::Version;
use cel::{Context, Env, IdedExpr, Value};
use k8s_openapi::api::admissionregistration::v1::MatchCondition;
use std::sync::{Arc, OnceLock};
use tokio::runtime::RuntimeFlavor;

/// The language with the libraries of Kubernetes that are there.
fn environment() -> Arc<Env> {
    static ENVIRONMENT: OnceLock<Arc<Env>> = OnceLock::new();
    ENVIRONMENT.get_or_init(|| Arc::new(functions::environment())).clone()
}

/// An expression that was read, or why it could not be.
#[derive(Clone)]
pub(super) struct Expression {
    pub(super) text: String,
    read: Result<Arc<IdedExpr>, String>,
    /// How deep its loops are nested.
    depth: usize,
}

impl Expression {
    pub(super) fn new(text: &str) -> Self {
        let read = environment().compile(text).map(|program| budget::counted(program.expression().clone()));
        let depth = read.as_ref().map_or(0, |(_, depth)| *depth);
        let read = read.map(|(expression, _)| Arc::new(expression)).map_err(|error| error.to_string());
        Expression { text: text.to_owned(), read, depth }
    }

    /// Whether it may take long: a loop within a loop.
    pub(super) fn is_heavy(&self) -> bool {
        self.depth > 1
    }

    /// What it comes to.
    pub(super) fn evaluate(&self, variables: &Variables) -> Result<Value, String> {
        let expression = self.read.as_ref().map_err(|reason| format!("compilation failed: {reason}"))?;
        let value = variables.context.resolve(expression);
        // A value may stand although a part of it failed; one that was too dear does not.
        if variables.budget.is_exceeded() {
            return Err(budget::EXCEEDED.to_owned());
        }
        value.map_err(|error| error.to_string())
    }

    /// What it comes to, where that must be true or false.
    pub(super) fn holds(&self, variables: &Variables) -> Result<bool, String> {
        match self.evaluate(variables)? {
            Value::Bool(holds) => Ok(holds),
            other => Err(format!("it comes to {:?}, not to a bool", other.type_of())),
        }
    }
}

/// Evaluates where that holds up nobody else, if it may take long.
pub(super) fn apart<T>(is_heavy: bool, evaluate: impl FnOnce() -> T) -> T {
    let runtime = tokio::runtime::Handle::try_current().map(|handle| handle.runtime_flavor());
    match runtime {
        Ok(RuntimeFlavor::MultiThread) if is_heavy => tokio::task::block_in_place(evaluate),
        _ => evaluate(),
    }
}

/// What an expression may name, and what its evaluation may cost.
pub(super) struct Variables {
    context: Context<'static, 'static>,
    budget: Budget,
}

impl Variables {
    /// Of a request whose objects are shown in this version. The answers to its checks are kept among `checks`.
    pub(super) fn of(question: &Question<'_>, version: &Version, checks: &Checks) -> Self {
        let mut variables = Variables::none();
        checks.add(&mut variables.context);
        let requester = Check::of(&question.origin.requester);
        variables.set("authorizer", requester.clone().value());
        variables.set("authorizer.requestResource", requester.about(question.resource_parts()).value());
        variables.set("object", values::of(question.object_tree(version)));
        variables.set("oldObject", values::of(question.old_tree(version)));
        variables.set("request", values::of(serde_json::Value::Object(question.facts(version))));
        variables
    }

    /// Nothing that can be named, yet.
    pub(super) fn none() -> Self {
        let (mut context, budget) = (Context::with_env(environment()), Budget::default());
        functions::add(&mut context);
        budget.add(&mut context);
        Variables { context, budget }
    }

    #[cfg(test)]
    pub(super) fn context(&mut self) -> &mut Context<'static, 'static> {
        &mut self.context
    }

    pub(super) fn set(&mut self, name: &str, value: Value) {
        self.context.add_variable_from_value(name, value);
    }
}

/// A match condition of a webhook or a policy.
#[derive(Clone)]
pub(super) struct Condition {
    name: String,
    expression: Expression,
}

impl Condition {
    pub(super) fn of(conditions: Option<Vec<MatchCondition>>) -> Vec<Condition> {
        let conditions = conditions.unwrap_or_default().into_iter();
        conditions
            .map(|condition| Condition {
                expression: Expression::new(&condition.expression),
                name: condition.name,
            })
            .collect()
    }

    /// Whether one of them may take long.
    pub(super) fn are_heavy(conditions: &[Condition]) -> bool {
        conditions.iter().any(|condition| condition.expression.is_heavy())
    }

    /// Whether all hold. One that does not outweighs those that cannot be told.
    pub(super) fn all(
        conditions: &[Condition],
        variables: impl FnOnce() -> Variables,
    ) -> Result<bool, String> {
        if conditions.is_empty() {
            return Ok(true);
        }
        let (variables, mut failure) = (variables(), None);
        for condition in conditions {
            match condition.expression.holds(&variables) {
                Ok(true) => {}
                Ok(false) => return Ok(false),
                Err(reason) => {
                    failure.get_or_insert(format!("match condition {:?}: {reason}", condition.name));
                }
            }
        }
        failure.map_or(Ok(true), Err)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn variables() -> Variables {
        let mut variables = Variables::none();
        let object = json!({
            "metadata": {
                "name": "wiki", "labels": {"tier": "gold", "a/b": "c"}, "creationTimestamp": "2026-01-02T03:04:05Z",
            },
            "spec": {"instances": 3, "storage": {"size": "10Gi"}, "ratio": 0.5, "databases": ["app", "log"]},
        });
        variables.set("object", values::of(object));
        variables.set("oldObject", Value::Null);
        variables
    }

    #[test]
    fn the_libraries_of_kubernetes_are_there() {
        let variables = variables();
        for text in [
            "object.spec.instances > 2 && object.spec.instances <= 3",
            "object.spec.instances + 1 == 4",
            "object.spec.ratio < 1.0",
            "has(object.metadata.labels) && 'tier' in object.metadata.labels",
            "!has(object.spec.missing)",
            "object.metadata.labels['a/b'] == 'c'",
            "oldObject == null",
            "timestamp(object.metadata.creationTimestamp) < timestamp('2027-01-01T00:00:00Z')",
            "timestamp(object.metadata.creationTimestamp) + duration('24h') > timestamp('2026-01-03T00:00:00Z')",
            "object.spec.databases.all(d, size(d) == 3) && object.spec.databases.exists_one(d, d == 'app')",
            "object.spec.databases.map(d, d.upperAscii()).join('-') == 'APP-LOG'",
            "object.metadata.name.matches('^[a-z]+$') && 'a1b2'.find('[0-9]') == '1'",
            "'a1b2'.findAll('[0-9]') == ['1', '2']",
            "[1, 2, 2].isSorted() && ![2, 1].isSorted() && [1, 2].sum() == 3 && [].sum() == 0",
            "sets.contains(['a', 'b'], ['b']) && sets.equivalent([1, 2], [2, 1]) && !sets.intersects([1], [2])",
            "quantity(object.spec.storage.size).isLessThan(quantity('20Gi'))",
            "quantity('-1Gi').sign() == -1 && quantity('0').sign() == 0 && quantity('1m').sign() == 1",
            "jsonpatch.escapeKey('k8s.io/my~label') == 'k8s.io~1my~0label'",
            "quantity('1Ki').compareTo(quantity('1024')) == 0 && isQuantity('1Gi') && !isQuantity('much')",
            "object.?spec.?missing.orValue('none') == 'none'",
            "quantity('1Gi').add(quantity('1Gi')).compareTo(quantity('2Gi')) == 0 && quantity('5').sub(2).asInteger() == 3",
            "quantity('-1').sign() == -1 && !quantity('500m').isInteger() && quantity('500m').asApproximateFloat() == 0.5",
            "[3, 1, 2].min() == 1 && ['a', 'c', 'b'].max() == 'c'",
            "isIP('10.0.0.1') && !isIP('10.0.0.01') && !isIP('::ffff:1.2.3.4') && !isIP('fe80::1%eth0')",
            "ip('10.0.0.1').family() == 4 && ip('::1').family() == 6 && ip('::1').isLoopback() && ip('10.0.0.1') == ip('10.0.0.1')",
            "ip.isCanonical('::1') && !ip.isCanonical('0:0::1') && ip('0.0.0.0').isUnspecified()",
            "ip('10.1.2.3').isGlobalUnicast() && ip('169.254.0.1').isLinkLocalUnicast() && ip('224.0.0.1').isLinkLocalMulticast()",
            "cidr('10.0.0.0/8').containsIP('10.1.2.3') && !cidr('10.0.0.0/8').containsIP(ip('11.0.0.1'))",
            "cidr('10.0.0.0/8').containsCIDR('10.1.0.0/16') && !cidr('10.0.0.0/16').containsCIDR(cidr('10.0.0.0/8'))",
            "cidr('10.1.2.3/8').masked() == cidr('10.0.0.0/8') && cidr('10.1.2.3/8').ip() == ip('10.1.2.3')",
            "cidr('10.0.0.0/8').prefixLength() == 8 && isCIDR('::/0') && !isCIDR('10.0.0.0') && !isCIDR('10.0.0.0/33')",
            "isURL('https://a.example:80/x') && isURL('/x') && !isURL('x') && !isURL('../x')",
            "url('https://u@a.example:80/x%20y?a=1&a=2&b=%41').getHost() == 'a.example:80'",
            "url('https://a.example:80/x%20y?a=1').getEscapedPath() == '/x%20y' && url('https://a.example').getEscapedPath() == ''",
            "url('https://[::1]:80/').getHostname() == '::1' && url('https://[::1]:80/').getPort() == '80'",
            "url('https://a/?a=1&a=2&b=%41').getQuery() == {'a': ['1', '2'], 'b': ['A']} && url('/x').getScheme() == ''",
            "semver('1.2.3').isLessThan(semver('1.10.0')) && semver('1.0.0-rc.1').compareTo(semver('1.0.0')) == -1",
            "semver('v1.2', true).minor() == 2 && !isSemver('v1.2') && isSemver('v1.2', true) && semver('1.2.3').patch() == 3",
            "format.dns1123Label().validate('abc') == optional.none() && format.dns1123Label().validate('A_').hasValue()",
            "format.named('uuid').value().validate('no').value() == ['does not match the UUID format']",
            "!format.named('none').hasValue() && !format.date().validate('2026-01-02').hasValue()",
            "'%s has %d of %.1f'.format(['a', 2, 3.0]) == 'a has 2 of 3.0'",
            "'%s'.size() == 2 || dyn(1) == 1",
        ] {
            assert_eq!(Expression::new(text).holds(&variables), Ok(true), "{text}");
        }
    }

    #[test]
    fn what_cannot_be_told_says_why() {
        let variables = variables();
        for (text, expected) in [
            ("object.spec.missing == 1", "No such key: missing"),
            ("object.spec.instances", "not to a bool"),
            ("object.spec.", "compilation failed"),
            ("authorizer.path('/')", "authorizer"),
            ("quantity('much').isLessThan(quantity('1'))", "quantity"),
        ] {
            let error = Expression::new(text).holds(&variables).unwrap_err();
            assert!(error.contains(expected), "{text}: {error}");
        }
    }

    #[test]
    fn a_condition_that_does_not_hold_outweighs_one_that_cannot_be_told() {
        let condition = |expression: &str| MatchCondition { name: "c".into(), expression: expression.into() };
        let judge = |expressions: &[&str]| {
            let conditions = expressions.iter().map(|text| condition(text)).collect();
            Condition::all(&Condition::of(Some(conditions)), variables)
        };
        assert_eq!(judge(&[]), Ok(true));
        assert_eq!(judge(&["true", "true"]), Ok(true));
        assert_eq!(judge(&["object.nothing", "false"]), Ok(false));
        assert!(judge(&["object.nothing", "true"]).unwrap_err().starts_with("match condition \"c\": "));
    }
}
