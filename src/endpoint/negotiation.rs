//! What form a client takes (C-01…C-07).

use crate::pipeline::query;
use apimachinery::status::ApiError;
use http::HeaderMap;
use http::header::{ACCEPT, USER_AGENT};

/// The encoding of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Media {
    Json,
    Yaml,
    Protobuf,
}

/// What of an object is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// The whole object.
    Object,
    /// `meta.k8s.io` Table of this version.
    Table(&'static str),
    /// `meta.k8s.io` PartialObjectMetadata of this version, or its list.
    Partial(&'static str),
}

/// What an answer is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Target {
    Object,
    /// An object of which there is no table.
    Plain,
    List,
    Watch,
    /// A `Status` or a document of discovery, which have no other form than themselves (C-06).
    Status,
}

/// What was agreed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Accepted {
    pub(super) media: Media,
    pub(super) form: Form,
    pub(super) pretty: bool,
}

impl Accepted {
    /// JSON for a person to read, for answers where negotiation failed.
    pub(super) const JSON: Accepted = Accepted { media: Media::Json, form: Form::Object, pretty: true };
}

impl Media {
    pub(super) fn content_type(self, watch: bool) -> &'static str {
        match (self, watch) {
            (Media::Json, _) => "application/json",
            (Media::Yaml, _) => "application/yaml",
            (Media::Protobuf, false) => "application/vnd.kubernetes.protobuf",
            (Media::Protobuf, true) => "application/vnd.kubernetes.protobuf;stream=watch",
        }
    }
}

/// Agrees on a form: the first clause, by quality, that this server satisfies.
pub(super) fn negotiate(headers: &HeaderMap, query: &str, target: Target) -> Result<Accepted, ApiError> {
    let accept = headers.get(ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mut clauses = clauses(accept);
    if accept.is_empty() {
        clauses.push(Clause { media: "*/*", ..Clause::default() });
    }
    let mut accepted = None;
    for clause in &clauses {
        if let Some(found) = clause.satisfy(target)? {
            accepted = Some(found);
            break;
        }
    }
    let mut accepted = accepted.ok_or_else(|| not_acceptable(target))?;
    accepted.pretty = pretty(headers, query, accepted.pretty);
    Ok(accepted)
}

fn not_acceptable(target: Target) -> ApiError {
    ApiError::not_acceptable(match target {
        Target::Watch => "application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch",
        _ => "application/json, application/yaml, application/vnd.kubernetes.protobuf",
    })
}

fn pretty(headers: &HeaderMap, query: &str, asked: bool) -> bool {
    match query::first(query, "pretty") {
        Some(value) if !value.is_empty() => matches!(&*value, "1" | "t" | "T" | "true" | "TRUE" | "True"),
        _ => {
            let agent = headers.get(USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
            asked || ["curl", "Wget", "Mozilla/5.0"].iter().any(|prefix| agent.starts_with(prefix))
        }
    }
}

/// The clauses of an Accept header in the order of preference: by quality, then what is named before what is not.
pub(super) fn clauses(accept: &str) -> Vec<Clause<'_>> {
    let mut clauses: Vec<Clause<'_>> = accept.split(',').filter_map(Clause::parse).collect();
    let named = |clause: &Clause<'_>| clause.media.matches('*').count();
    clauses.sort_by(|left, right| {
        right.quality.total_cmp(&left.quality).then_with(|| named(left).cmp(&named(right)))
    });
    clauses
}

/// One clause of an Accept header.
#[derive(Default)]
pub(super) struct Clause<'a> {
    /// The whole clause.
    pub(super) text: &'a str,
    pub(super) media: &'a str,
    quality: f32,
    transform: &'a str,
    group: &'a str,
    version: &'a str,
    stream: &'a str,
    /// The version of what the server says of itself, of which there is one.
    server_version: &'a str,
    pretty: bool,
}

impl<'a> Clause<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let mut parts = text.split(';').map(str::trim);
        let media = match parts.next()? {
            "*" => "*/*",
            media => Some(media).filter(|media| media.contains('/'))?,
        };
        let mut clause = Clause { text, media, quality: 1.0, ..Clause::default() };
        for part in parts {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            match name.trim() {
                "q" => clause.quality = value.trim().parse().unwrap_or(0.0),
                "as" => clause.transform = value.trim(),
                "g" => clause.group = value.trim(),
                "v" => clause.version = value.trim(),
                "stream" => clause.stream = value.trim(),
                "sv" => clause.server_version = value.trim(),
                "pretty" => clause.pretty = value.trim() == "1",
                _ => {}
            }
        }
        Some(clause)
    }

    fn media(&self) -> Option<Media> {
        let is = |media: &str| self.media.eq_ignore_ascii_case(media);
        match self.stream {
            "" => {}
            // Lines of YAML are no stream.
            "watch" if !is("application/yaml") => {}
            _ => return None,
        }
        if !matches!(self.server_version, "" | "v1") {
            return None;
        }
        if is("*/*") || is("application/*") || is("application/json") {
            Some(Media::Json)
        } else if is("application/yaml") {
            Some(Media::Yaml)
        } else {
            is("application/vnd.kubernetes.protobuf").then_some(Media::Protobuf)
        }
    }

    fn satisfy(&self, target: Target) -> Result<Option<Accepted>, ApiError> {
        let Some(media) = self.media() else { return Ok(None) };
        let unfit = match target {
            Target::Watch => media == Media::Yaml,
            Target::Status => !self.transform.is_empty(),
            Target::Object | Target::Plain | Target::List => false,
        };
        if unfit {
            return Ok(None);
        }
        let version = match self.version {
            "v1" => "v1",
            "v1beta1" => "v1beta1",
            _ => "",
        };
        let meta = self.group == "meta.k8s.io" && !version.is_empty();
        let form = match self.transform {
            "" if self.group.is_empty() && self.version.is_empty() => Form::Object,
            "Table" if meta && media != Media::Protobuf && target != Target::Plain => Form::Table(version),
            "PartialObjectMetadata" if meta => {
                wrong_shape(target == Target::List, "PartialObjectMetadataList")?;
                Form::Partial(version)
            }
            "PartialObjectMetadataList" if meta => {
                wrong_shape(target != Target::List, "PartialObjectMetadata")?;
                Form::Partial(version)
            }
            _ => return Ok(None),
        };
        Ok(Some(Accepted { media, form, pretty: self.pretty }))
    }
}

/// The object form of metadata asked of a list, or the reverse, is refused (C-02).
fn wrong_shape(wrong: bool, instead: &str) -> Result<(), ApiError> {
    if wrong {
        return Err(ApiError::not_acceptable_conversion(instead));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn check(accept: &'static str, target: Target, expect: Option<(Media, Form)>) {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static(accept));
        let found = negotiate(&headers, "", target).ok().map(|accepted| (accepted.media, accepted.form));
        assert_eq!(found, expect, "{accept}");
    }

    #[test]
    fn the_first_clause_that_can_be_satisfied_wins() {
        let object = |media| Some((media, Form::Object));
        check("", Target::Object, object(Media::Json));
        check("*/*", Target::List, object(Media::Json));
        check("application/xml, application/yaml", Target::Object, object(Media::Yaml));
        check("application/yaml", Target::Watch, None);
        check("application/cbor", Target::Object, None);
        check(
            "application/json;q=0.1,application/vnd.kubernetes.protobuf",
            Target::List,
            object(Media::Protobuf),
        );
        let kubectl = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json";
        check(kubectl, Target::List, Some((Media::Json, Form::Table("v1"))));
        let metadata = "application/vnd.kubernetes.protobuf;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json";
        check(metadata, Target::Object, Some((Media::Protobuf, Form::Partial("v1"))));
        check(metadata, Target::List, None);
        check(metadata, Target::Status, object(Media::Json));
        check(kubectl, Target::Status, object(Media::Json));
        check(kubectl, Target::Plain, object(Media::Json));
        check(metadata, Target::Plain, Some((Media::Protobuf, Form::Partial("v1"))));
        check("application/json;as=Other;g=x;v=v1,application/json", Target::Object, object(Media::Json));
        let beta = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1beta1";
        check(beta, Target::List, Some((Media::Json, Form::Partial("v1beta1"))));
        check(beta, Target::Object, None);
    }

    #[test]
    fn clauses_count_by_quality_and_then_by_what_they_name() {
        let object = |media| Some((media, Form::Object));
        check("*/*, application/yaml", Target::Object, object(Media::Yaml));
        check("application/json;q=0.5, application/yaml;q=0.9", Target::Object, object(Media::Yaml));
        check("application/yaml;q=0, application/json;q=0.1", Target::Object, object(Media::Json));
        check("application/yaml;q=x, application/json;q=0.1", Target::Object, object(Media::Json));
        check("application/yaml;q=0", Target::Object, object(Media::Yaml));
        check("*", Target::Object, object(Media::Json));
        check("Application/YAML", Target::Object, object(Media::Yaml));
        check("json", Target::Object, None);
        check("application/json;stream=watch", Target::Object, object(Media::Json));
        check("application/json;stream=other", Target::Object, None);
        check("application/yaml;stream=watch, application/json", Target::Object, object(Media::Json));
        check("application/json;g=meta.k8s.io;v=v1", Target::Object, None);
        check("application/json;sv=v1", Target::Object, object(Media::Json));
        check("application/json;sv=v2", Target::Object, None);
        check("application/json;sv=v2, application/yaml;sv=", Target::Object, object(Media::Yaml));
        check("application/yaml;export=1;indent=2;charset=utf-8", Target::Object, object(Media::Yaml));
    }
}
