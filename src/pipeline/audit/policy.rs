//! What is audited: a Policy of `audit.k8s.io/v1`, as kube-apiserver takes it.
//!
//! The first rule that a request matches says how much of it is recorded, and of which stages; where none does, nothing is. The
//! file is read strictly: what is misspelt would otherwise leave out what somebody counts on.

use apimachinery::wire::yaml;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::super::request_info::RequestInfo;
use super::super::user::UserInfo;
use super::rule::Written;

const API_VERSION: &str = "audit.k8s.io/v1";
const KIND: &str = "Policy";

/// How much of a request is recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum Level {
    /// Nothing.
    None,
    /// Who asked for what, and the outcome.
    Metadata,
    /// The object of the request as well.
    Request,
    /// The object of the response as well.
    RequestResponse,
}

/// When an event is recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Stage {
    /// Before the request is worked on.
    RequestReceived,
    /// When the head of a long-running answer is sent.
    ResponseStarted,
    /// When the answer was sent.
    ResponseComplete,
    /// When it panicked.
    Panic,
}

/// How a request is treated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Treatment {
    pub(super) level: Level,
    pub(super) omitted: Vec<Stage>,
    pub(super) omit_managed_fields: bool,
}

/// A policy.
#[derive(Debug)]
pub(crate) struct Policy(Vec<Rule>);

#[derive(Debug)]
struct Rule {
    matching: Written,
    treatment: Treatment,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct File {
    api_version: Option<String>,
    kind: Option<String>,
    #[serde(rename = "metadata")]
    _metadata: Option<Value>,
    rules: Option<Vec<Value>>,
    omit_stages: Option<Vec<Stage>>,
    omit_managed_fields: Option<bool>,
}

impl Level {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::None => "None",
            Self::Metadata => "Metadata",
            Self::Request => "Request",
            Self::RequestResponse => "RequestResponse",
        }
    }
}

impl Policy {
    /// Reads a file; an error has everything that is wrong with it.
    pub(crate) fn parse(text: &[u8]) -> Result<Self, String> {
        let (tree, problems) = yaml::decode(text).map_err(|error| error.to_string())?;
        if !tree.is_object() {
            return Err(format!(
                "it must be a {KIND}; one that records every request is \
                 {{apiVersion: {API_VERSION}, kind: {KIND}, rules: [{{level: Metadata}}]}}"
            ));
        }
        let file: File = serde_json::from_value(tree).map_err(|error| error.to_string())?;
        let mut faults: Vec<String> = problems.iter().map(ToString::to_string).collect();
        for (found, name, wanted) in
            [(&file.api_version, "apiVersion", API_VERSION), (&file.kind, "kind", KIND)]
        {
            if found.as_deref() != Some(wanted) {
                faults.push(format!("{name} must be {wanted}"));
            }
        }
        let written = file.rules.unwrap_or_default();
        if written.is_empty() {
            faults.push(
                "rules must be a list of at least one; `- level: Metadata` records every request".to_owned(),
            );
        }
        let (omitted, omit_managed_fields) =
            (file.omit_stages.unwrap_or_default(), file.omit_managed_fields.unwrap_or_default());
        let mut rules = Vec::new();
        for (at, rule) in written.into_iter().enumerate() {
            match serde_json::from_value::<Written>(rule) {
                Ok(matching) => {
                    faults.extend(matching.faults().into_iter().map(|fault| format!("rules[{at}].{fault}")));
                    let own = matching.omit_stages.iter().flatten();
                    let treatment = Treatment {
                        level: matching.level,
                        omitted: own.chain(&omitted).copied().collect(),
                        omit_managed_fields: matching.omit_managed_fields.unwrap_or(omit_managed_fields),
                    };
                    rules.push(Rule { matching, treatment });
                }
                Err(error) => faults.push(format!("rules[{at}]: {error}")),
            }
        }
        if faults.is_empty() { Ok(Policy(rules)) } else { Err(faults.join("; ")) }
    }

    /// How a request is treated; `None` where nothing of it is recorded. One that nobody is known to send has no user.
    pub(super) fn treatment(&self, user: Option<&UserInfo>, info: &RequestInfo) -> Option<&Treatment> {
        let rule = self.0.iter().find(|rule| rule.matching.matches(user, info))?;
        (rule.treatment.level != Level::None).then_some(&rule.treatment)
    }
}
