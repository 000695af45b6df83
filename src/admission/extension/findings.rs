//! What policies find of a request for the audit log, in the words of an API server.

use super::policy::{Binding, Violation};
use crate::admission::Annotations;
use apimachinery::status::ApiError;
use serde::Serialize;

/// The annotation with what does not hold where a binding only audits.
const FAILURES: &str = "validation.policy.admission.k8s.io/validation_failure";
/// So many failures are told of.
const MOST_FAILURES: usize = 50;
/// Of a value so many bytes are told.
const LONGEST_VALUE: usize = 10 * 1024;

/// What is found until the request is judged by all.
#[derive(Default)]
pub(super) struct Findings {
    failures: Vec<Failure>,
    /// Names of annotations with their values; another set of parameters may have another value.
    notes: Vec<(String, Vec<String>)>,
    denial: Option<ApiError>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Failure {
    message: String,
    policy: String,
    binding: String,
    expression_index: usize,
    validation_actions: Vec<String>,
}

impl Findings {
    /// Something does not hold where a binding audits.
    pub(super) fn fail(&mut self, policy: &str, binding: &Binding, violation: &Violation) {
        if self.failures.len() < MOST_FAILURES {
            self.failures.push(Failure {
                message: violation.message.clone(),
                policy: policy.to_owned(),
                binding: binding.place.name.clone(),
                expression_index: violation.index,
                validation_actions: binding.actions.clone(),
            });
        }
    }

    /// A policy has this to say, if it is anything.
    pub(super) fn note(&mut self, policy: &str, (key, value): (String, String)) {
        let value = value.trim();
        if value.is_empty() {
            return;
        }
        let value = &value[..value.floor_char_boundary(LONGEST_VALUE)];
        let name = format!("{policy}/{key}");
        match self.notes.iter_mut().find(|(known, _)| *known == name) {
            Some((_, values)) if values.iter().any(|known| known == value) => {}
            Some((_, values)) => values.push(value.to_owned()),
            None => self.notes.push((name, vec![value.to_owned()])),
        }
    }

    /// The request is refused; who refused it first says why. The others are heard all the same.
    pub(super) fn deny(&mut self, denial: ApiError) {
        self.denial.get_or_insert(denial);
    }

    /// What comes of the request.
    pub(super) fn verdict(self) -> Result<(), ApiError> {
        self.denial.map_or(Ok(()), Err)
    }

    /// Tells all of it.
    pub(super) fn tell(&self, audit: &dyn Annotations) {
        for (name, values) in &self.notes {
            audit.annotate(name, &values.join(", "));
        }
        if !self.failures.is_empty() {
            audit.annotate(FAILURES, &serde_json::to_string(&self.failures).unwrap_or_default());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::bound::Kinds;
    use super::super::policy::Validating;
    use super::*;
    use k8s_openapi::api::admissionregistration::v1::ValidatingAdmissionPolicyBinding;
    use serde_json::json;
    use std::sync::Mutex;

    #[derive(Debug, Default)]
    struct Told(Mutex<Vec<(String, String)>>);

    impl Annotations for Told {
        fn annotate(&self, key: &str, value: &str) {
            self.0.lock().unwrap().push((key.to_owned(), value.to_owned()));
        }

        fn takes_requests(&self) -> bool {
            true
        }
    }

    #[test]
    fn what_is_found_is_told_in_the_words_of_an_api_server() {
        let binding: ValidatingAdmissionPolicyBinding = serde_json::from_value(json!({
            "metadata": {"name": "b"},
            "spec": {"policyName": "p", "validationActions": ["Warn", "Audit"]},
        }))
        .unwrap();
        let binding = Validating::binding(&binding);
        let (mut findings, told) = (Findings::default(), Told::default());
        findings.tell(&told);
        findings.fail("p", &binding, &Violation { index: 2, ..Violation::of("too \"large\"".to_owned()) });
        for value in [" one ", "two", "one", "  "] {
            findings.note("p", ("size".to_owned(), value.to_owned()));
        }
        findings.note("p", ("long".to_owned(), "é".repeat(LONGEST_VALUE)));
        findings.tell(&told);
        let told = told.0.into_inner().unwrap();
        assert_eq!(told[0], ("p/size".to_owned(), "one, two".to_owned()));
        assert_eq!((told[1].0.as_str(), told[1].1.len()), ("p/long", LONGEST_VALUE));
        let failures = r#"[{"message":"too \"large\"","policy":"p","binding":"b","expressionIndex":2,"validationActions":["Warn","Audit"]}]"#;
        assert_eq!(told[2..], [(FAILURES.to_owned(), failures.to_owned())]);
    }
}
