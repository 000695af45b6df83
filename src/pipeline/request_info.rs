//! What a request asks for, read from its method, path and query.
//!
//! Needs: the request line. Provides: [`RequestInfo`], which authorization, limits, metrics and routing all read, so
//! that they cannot disagree. Refuses with: [`RequestInfoError`] for a path that names no resource where it must.
//!
//! The grammar is `/api/VERSION/…` for the legacy group and `/apis/GROUP/VERSION/…` for the others, followed by an
//! optional `watch`, an optional `namespaces/NAMESPACE`, and `RESOURCE[/NAME[/SUBRESOURCE[/…]]]`. The path is
//! percent-decoded once, before it is split. Every other path is a non-resource path whose verb is its method in
//! lower case.

use http::Method;
use http::uri::Uri;

use super::path::{Part, Parts, Path};
use super::query;
use super::verb::Verb;

/// What a request asks for.
#[derive(Clone, Debug)]
pub struct RequestInfo {
    path: Path,
    resource_request: bool,
    verb: Verb,
    group: Part,
    version: Part,
    namespace: Part,
    resource: Part,
    name: Part,
    subresource: Part,
    rest: Part,
    selected_name: Option<Box<str>>,
    field_selector: Option<Box<str>>,
    label_selector: Option<Box<str>>,
}

/// Why a path has no [`RequestInfo`].
#[derive(Debug, thiserror::Error)]
pub enum RequestInfoError {
    /// A watch prefix with nothing to watch.
    #[error("unable to determine kind and namespace from url, {0}")]
    NoResource(String),
    /// It cannot be decoded.
    #[error("the path has a % that no two hexadecimal digits follow; a % itself is written %25")]
    Malformed,
}

impl RequestInfo {
    /// Reads what `method` on `uri` asks for.
    pub fn parse(method: &Method, uri: &Uri) -> Result<Self, RequestInfoError> {
        let path = Path::of(uri).ok_or(RequestInfoError::Malformed)?;
        let text = path.as_str();
        let mut parts = Parts::of(text);
        let mut info = Self::non_resource(method);
        if info.read_prefix(text, &mut parts) {
            info.read_resource(text, parts, method)?;
            info.read_query(text, uri.query().unwrap_or_default());
        }
        info.path = path;
        Ok(info)
    }

    fn non_resource(method: &Method) -> Self {
        let none = Part::default();
        Self {
            path: Path::Decoded(Box::default()),
            resource_request: false,
            verb: Verb::of_method(method),
            group: none,
            version: none,
            namespace: none,
            resource: none,
            name: none,
            subresource: none,
            rest: none,
            selected_name: None,
            field_selector: None,
            label_selector: None,
        }
    }

    /// Takes `/api/VERSION` or `/apis/GROUP/VERSION`; false when the path asks for no resource below it.
    fn read_prefix(&mut self, text: &str, parts: &mut Parts<'_>) -> bool {
        let groupless = match parts.next().map(|part| part.of(text)) {
            Some("api") => true,
            Some("apis") => false,
            _ => return false,
        };
        let mut ahead = parts.clone();
        let needed = if groupless { 2 } else { 3 };
        if ahead.by_ref().take(needed).count() < needed {
            return false;
        }
        self.resource_request = true;
        if !groupless {
            self.group = parts.next().unwrap_or_default();
        }
        self.version = parts.next().unwrap_or_default();
        true
    }

    fn read_resource(
        &mut self,
        text: &str,
        parts: Parts<'_>,
        method: &Method,
    ) -> Result<(), RequestInfoError> {
        let mut parts = parts;
        self.verb = Verb::of_resource_method(method);
        if parts.peek(text) == "watch" {
            parts.next();
            if parts.clone().next().is_none() {
                return Err(RequestInfoError::NoResource(text.to_owned()));
            }
            self.verb = Verb::Watch;
        }
        if parts.peek(text) == "namespaces" {
            let mut ahead = parts.clone();
            ahead.next();
            self.namespace = ahead.next().unwrap_or_default();
            let namespaced = ahead.clone().next().is_some_and(|part| !of_namespace(part.of(text)));
            if namespaced {
                parts = ahead;
            }
        }
        self.resource = parts.next().unwrap_or_default();
        self.name = parts.next().unwrap_or_default();
        self.subresource = parts.next().unwrap_or_default();
        self.rest = parts.remainder();
        Ok(())
    }

    /// A request without a name is about a collection; a field selector may still pin it to one object.
    fn read_query(&mut self, text: &str, query: &str) {
        if !self.name.of(text).is_empty() {
            return;
        }
        self.verb = match self.verb {
            Verb::Get if query::is_true(query, "watch") => Verb::Watch,
            Verb::Get => Verb::List,
            Verb::Delete => Verb::DeleteCollection,
            other => other,
        };
        if matches!(self.verb, Verb::List | Verb::Watch | Verb::DeleteCollection) {
            let selector = |key| query::first(query, key).map(|text| text.into_owned().into_boxed_str());
            self.field_selector = selector("fieldSelector");
            self.label_selector = selector("labelSelector");
            let name = self.field_selector.as_deref().and_then(super::selector::required_name);
            self.selected_name = name.map(String::into_boxed_str);
        }
    }

    fn part(&self, part: Part) -> &str {
        part.of(self.path.as_str())
    }

    /// The decoded path.
    pub fn path(&self) -> &str {
        self.path.as_str()
    }

    /// The same with another verb, for what is asked besides.
    #[must_use]
    pub fn with_verb(&self, verb: Verb) -> Self {
        Self { verb, ..self.clone() }
    }

    /// Whether the path is below a group's version, as opposed to `/healthz` and its like.
    pub fn is_resource_request(&self) -> bool {
        self.resource_request
    }

    /// What is to be done.
    pub fn verb(&self) -> Verb {
        self.verb
    }

    /// The API group; empty for the legacy group.
    pub fn group(&self) -> &str {
        self.part(self.group)
    }

    /// The version of the group.
    pub fn version(&self) -> &str {
        self.part(self.version)
    }

    /// The namespace; empty when the request is about the cluster or all namespaces.
    pub fn namespace(&self) -> &str {
        self.part(self.namespace)
    }

    /// The plural resource.
    pub fn resource(&self) -> &str {
        self.part(self.resource)
    }

    /// The object's name from the path, or the name a collection's field selector requires.
    pub fn name(&self) -> &str {
        self.selected_name.as_deref().unwrap_or_else(|| self.part(self.name))
    }

    /// Whether the path names an object, and not a collection of them.
    pub fn names_object(&self) -> bool {
        !self.part(self.name).is_empty()
    }

    /// The field selector of a collection, as it was sent; empty when there is none.
    pub fn field_selector(&self) -> &str {
        self.field_selector.as_deref().unwrap_or_default()
    }

    /// The label selector of a collection, as it was sent; empty when there is none.
    pub fn label_selector(&self) -> &str {
        self.label_selector.as_deref().unwrap_or_default()
    }

    /// The subresource, as `status`.
    pub fn subresource(&self) -> &str {
        self.part(self.subresource)
    }

    /// What follows the subresource; only subresources that proxy give it a meaning.
    pub fn rest(&self) -> &str {
        self.part(self.rest)
    }

    /// Whether the answer is a stream without a natural end, which deadlines and limits leave alone.
    pub fn is_long_running(&self) -> bool {
        self.resource_request
            && (self.verb == Verb::Watch
                || matches!(self.subresource(), "proxy" | "exec" | "attach" | "log" | "portforward"))
    }

    /// Whether the path is one of the health endpoints or below one.
    pub fn is_health(&self) -> bool {
        !self.resource_request
            && ["/healthz", "/livez", "/readyz"].iter().any(|prefix| {
                self.path().strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
            })
    }
}

/// Whether what follows a namespace's name is a subresource of the namespace itself.
fn of_namespace(part: &str) -> bool {
    matches!(part, "status" | "finalize")
}
