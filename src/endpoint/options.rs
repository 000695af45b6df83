//! Options of requests, from the query (V-01, V-04…V-06, L-03, V-41).

use crate::admission::Options;
use crate::pipeline::query;
use crate::registry::Selection;
use apimachinery::field::{Errors, FieldError, Path};
use apimachinery::selector::{FieldSelector, LabelSelector};
use apimachinery::status::ApiError;
use apimachinery::validation::{LONGEST_MANAGER, is_printable, validate_manager};
use databases_storage::Revision;
use http::HeaderMap;
use http::header::USER_AGENT;
use std::borrow::Cow;
use std::str::FromStr;

/// How unknown and duplicate fields are answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum FieldValidation {
    Ignore,
    Warn,
    Strict,
}

impl FieldValidation {
    fn as_str(self) -> &'static str {
        match self {
            FieldValidation::Ignore => "Ignore",
            FieldValidation::Warn => "Warn",
            FieldValidation::Strict => "Strict",
        }
    }
}

/// Options of a write.
#[derive(Clone, Debug)]
pub(super) struct WriteOptions {
    kind: &'static str,
    manager: String,
    /// Whether the request says how fields are validated.
    says_validation: bool,
    pub(super) dry_run: bool,
    pub(super) field_validation: FieldValidation,
    /// Whether an apply takes fields from those who own them; none where the request does not say.
    pub(super) force: Option<bool>,
}

impl WriteOptions {
    /// `kind` names the options in an error, such as `CreateOptions`.
    pub(super) fn parse(kind: &'static str, text: &str) -> Result<Self, ApiError> {
        Self::checked(kind, text, |_, _| {})
    }

    /// Those of a patch, which is applied or not (V-55).
    pub(super) fn of_patch(text: &str, applies: bool) -> Result<Self, ApiError> {
        Self::checked("PatchOptions", text, |options, errors| {
            if applies && options.manager.is_empty() {
                errors.push(FieldError::required(&Path::new("fieldManager"), "is required for apply patch"));
            }
            if !applies && options.force.is_some() {
                let detail = "may not be specified for non-apply patch";
                errors.push(FieldError::forbidden(&Path::new("force"), detail));
            }
        })
    }

    fn checked(
        kind: &'static str,
        text: &str,
        check: impl FnOnce(&Self, &mut Errors),
    ) -> Result<Self, ApiError> {
        let mut errors = Errors::new();
        let dry_run: Vec<_> = query::all(text, "dryRun").collect();
        check_dry_run(dry_run.iter().map(AsRef::as_ref), &mut errors);
        let field_validation = match query::first(text, "fieldValidation").as_deref() {
            None | Some("" | "Warn") => FieldValidation::Warn,
            Some("Ignore") => FieldValidation::Ignore,
            Some("Strict") => FieldValidation::Strict,
            Some(other) => {
                let path = Path::new("fieldValidation");
                errors.push(FieldError::not_supported(&path, other, &["", "Ignore", "Strict", "Warn"]));
                FieldValidation::Warn
            }
        };
        let says_validation = query::first(text, "fieldValidation").is_some_and(|text| !text.is_empty());
        let manager = query::first(text, "fieldManager").unwrap_or_default().into_owned();
        let force = query::first(text, "force").map(|_| query::is_true(text, "force"));
        let dry_run = !dry_run.is_empty();
        let options = WriteOptions { kind, manager, says_validation, dry_run, field_validation, force };
        check(&options, &mut errors);
        validate_manager(&Path::new("fieldManager"), &options.manager, &mut errors);
        if errors.is_empty() { Ok(options) } else { Err(invalid(kind, errors)) }
    }

    /// The name of what writes: what the request says, else what its client calls itself; may be empty.
    pub(super) fn manager(&self, headers: &HeaderMap) -> Cow<'_, str> {
        match self.manager.as_str() {
            "" => manager_of_client(headers).into(),
            manager => manager.into(),
        }
    }

    /// The options as the wire has them.
    pub(super) fn wire(&self) -> Options<'_> {
        Options::Write {
            kind: self.kind,
            field_manager: &self.manager,
            field_validation: if self.says_validation { self.field_validation.as_str() } else { "" },
        }
    }
}

/// `All` is the one value there is; any other, the empty one included, is refused, so that nothing is written by mistake
/// (V-04).
pub(super) fn check_dry_run<'a>(values: impl Iterator<Item = &'a str>, errors: &mut Errors) {
    let values: Vec<&str> = values.collect();
    if values.iter().any(|value| *value != "All") {
        errors.push(FieldError::not_supported(&Path::new("dryRun"), values, &["All"]));
    }
}

/// What stands before the first `/` of the user agent, as far as it is printable, and short (V-06).
fn manager_of_client(headers: &HeaderMap) -> String {
    let agent = headers.get(USER_AGENT).map_or(&b""[..], |value| value.as_bytes());
    let agent = String::from_utf8_lossy(agent);
    let mut name = String::new();
    for character in agent.chars().take_while(|character| *character != '/') {
        if !is_printable(character) {
            continue;
        }
        if name.len() + character.len_utf8() > LONGEST_MANAGER {
            break;
        }
        name.push(character);
    }
    name
}

/// An options object that is not valid.
pub(super) fn invalid(kind: &str, errors: Errors) -> ApiError {
    ApiError::invalid_named("meta.k8s.io", kind, "", errors)
}

/// Which state a reader wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Freshness {
    /// Includes every write acknowledged before the request.
    Latest,
    /// Whatever is there.
    Any,
    /// This revision or a later one.
    AtLeast(Revision),
    /// This revision.
    Exactly(Revision),
}

/// Options of a list or a watch.
#[derive(Clone, Debug)]
pub(super) struct ListOptions {
    pub(super) selection: Selection,
    pub(super) freshness: Freshness,
    pub(super) limit: usize,
    pub(super) continue_token: String,
    pub(super) bookmarks: bool,
    /// `None` where the client does not say: then the revision decides.
    pub(super) send_initial: Option<bool>,
    pub(super) resource_version: String,
    /// One below zero is over at once.
    pub(super) timeout_seconds: Option<i64>,
}

impl ListOptions {
    /// Of a list or a watch of all objects, or of one, which has no pages, and so no state that they are all of.
    pub(super) fn parse(text: &str, watch: bool, is_one: bool) -> Result<Self, ApiError> {
        let get = |key| query::first(text, key).unwrap_or_default().into_owned();
        let labels =
            LabelSelector::from_str(&get("labelSelector")).map_err(|error| bad(&error.to_string()))?;
        let fields =
            FieldSelector::from_str(&get("fieldSelector")).map_err(|error| bad(&error.to_string()))?;
        let resource_version = get("resourceVersion");
        let matching = get("resourceVersionMatch");
        let send_initial =
            query::first(text, "sendInitialEvents").map(|_| query::is_true(text, "sendInitialEvents"));
        let limit = number(text, "limit")?.and_then(|limit| u64::try_from(limit).ok()).unwrap_or(0);
        let timeout_seconds = number(text, "timeoutSeconds")?;
        let continue_token = get("continue");
        check(watch, &resource_version, &matching, send_initial, &continue_token)?;
        let freshness = freshness(&resource_version, &matching, limit > 0 && !is_one)?;
        Ok(ListOptions {
            selection: Selection { labels, fields },
            freshness,
            limit: usize::try_from(limit).unwrap_or(usize::MAX),
            continue_token,
            bookmarks: query::is_true(text, "allowWatchBookmarks"),
            send_initial,
            resource_version,
            timeout_seconds,
        })
    }
}

fn bad(message: &str) -> ApiError {
    ApiError::bad_request(message)
}

fn number(text: &str, key: &str) -> Result<Option<i64>, ApiError> {
    match query::first(text, key).as_deref() {
        None => Ok(None),
        Some(value) => match value.parse() {
            Ok(value) => Ok(Some(value)),
            Err(_) => Err(bad(&format!("{key}: {value:?} is not a number"))),
        },
    }
}

/// A resource version: digits, or nothing.
pub(super) fn revision(text: &str) -> Result<Option<Revision>, ApiError> {
    if text.is_empty() {
        return Ok(None);
    }
    // A sign, which the parser would take, is no digit.
    let digits = text.parse().ok().filter(|_| !text.starts_with('+'));
    digits.map(Some).ok_or_else(|| {
        bad(&format!(
            "invalid resource version: resourceVersion: Invalid value: {text:?}: must be a decimal number"
        ))
    })
}

/// The matrix of L-10.
fn freshness(version: &str, matching: &str, has_pages: bool) -> Result<Freshness, ApiError> {
    let Some(revision) = revision(version)? else { return Ok(Freshness::Latest) };
    Ok(match (matching, revision) {
        ("Exact", revision) => Freshness::Exactly(revision),
        (_, 0) => Freshness::Any,
        ("NotOlderThan", revision) => Freshness::AtLeast(revision),
        (_, revision) if has_pages => Freshness::Exactly(revision),
        (_, revision) => Freshness::AtLeast(revision),
    })
}

fn check(
    watch: bool,
    version: &str,
    matching: &str,
    send_initial: Option<bool>,
    continue_token: &str,
) -> Result<(), ApiError> {
    let mut errors = Errors::new();
    let (match_path, initial_path) = (Path::new("resourceVersionMatch"), Path::new("sendInitialEvents"));
    if watch {
        let fits = matching == "NotOlderThan";
        if send_initial.is_some() && !fits {
            let detail = "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan";
            errors.push(FieldError::forbidden(&match_path, detail));
        }
        if send_initial.is_none() && !matching.is_empty() {
            let detail = "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided";
            errors.push(FieldError::forbidden(&match_path, detail));
        }
        if !matching.is_empty() && !fits {
            errors.push(FieldError::not_supported(&match_path, matching, &["NotOlderThan"]));
        }
        // Who says nothing of it, and no version, is told of what is there first, as if that had been asked for.
        let begins_with_list = send_initial.is_none() && matches!(version, "" | "0");
        if !matching.is_empty() || begins_with_list {
            check_continued(continue_token, &match_path, &mut errors);
        }
    } else {
        if !matching.is_empty() {
            check_match(version, matching, continue_token, &match_path, &mut errors);
        }
        if send_initial.is_some() {
            errors.push(FieldError::forbidden(&initial_path, "sendInitialEvents is forbidden for list"));
        }
    }
    if errors.is_empty() { Ok(()) } else { Err(invalid("ListOptions", errors)) }
}

fn check_match(version: &str, matching: &str, token: &str, path: &Path, errors: &mut Errors) {
    if version.is_empty() {
        let detail = "resourceVersionMatch is forbidden unless resourceVersion is provided";
        errors.push(FieldError::forbidden(path, detail));
    }
    check_continued(token, path, errors);
    if !matches!(matching, "Exact" | "NotOlderThan") {
        errors.push(FieldError::not_supported(path, matching, &["Exact", "NotOlderThan", ""]));
    }
    if matching == "Exact" && version == "0" {
        let detail = "resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\"";
        errors.push(FieldError::forbidden(path, detail));
    }
}

/// What goes on from a token is of the token's version.
fn check_continued(token: &str, path: &Path, errors: &mut Errors) {
    if !token.is_empty() {
        let detail = "resourceVersionMatch is forbidden when continue is provided";
        errors.push(FieldError::forbidden(path, detail));
    }
}
