//! One request for objects of one kind, and the answers to it.

use super::body::Body;
use super::negotiation::{Accepted, Form, Target, negotiate};
use super::options::{ListOptions, WriteOptions};
use super::table::Include;
use super::view::View;
use crate::admission::{Annotations, Options, Origin, Requester, Warnings};
use crate::pipeline::{Entry, ObjectFacts, Permission, RequestInfo, UserInfo, query};
use crate::registry::{Part, Store, Stored, UpdateOptions};
use apimachinery::kind::{Hub, Version};
use apimachinery::meta::ObjectMeta;
use apimachinery::selector::FieldSelector;
use apimachinery::status::ApiError;
use http::header::{CONTENT_TYPE, HeaderValue, WARNING};
use http::{HeaderMap, Response, StatusCode};
use std::sync::Arc;

/// What every verb needs to know.
pub(super) struct Call<'a> {
    pub(super) store: &'a Arc<Store>,
    pub(super) version: &'static Version,
    pub(super) info: &'a RequestInfo,
    pub(super) headers: &'a HeaderMap,
    pub(super) query: &'a str,
    pub(super) user: &'a UserInfo,
    /// Says what the user may do besides.
    pub(super) permission: &'a dyn Permission,
    /// What is recorded of the request, if it is.
    pub(super) audit: Option<&'a Entry>,
    /// What the client hears beside the answer, whatever that is.
    pub(super) warnings: &'a Warnings,
    /// How many objects of a collection are deleted at the same time.
    pub(super) workers: usize,
}

impl Call<'_> {
    /// The namespace the request is about; empty for cluster-scoped kinds, whatever their path says.
    pub(super) fn namespace(&self) -> &str {
        if self.store.definition.namespaced { self.info.namespace() } else { "" }
    }

    /// Whose request this is, for admission.
    pub(super) fn origin<'o>(&'o self, options: Options<'o>) -> Option<Origin<'o>> {
        let UserInfo { name, uid, groups, extra } = self.user;
        let requester = Requester { name, uid, groups, extra };
        let audit = self.audit.map(|entry| entry as &dyn Annotations);
        Some(Origin {
            requester,
            version: self.version,
            subresource: self.info.subresource(),
            options,
            audit,
            warnings: self.warnings,
        })
    }

    /// An update of one part, in the name of this manager.
    pub(super) fn update_options<'o>(
        &'o self,
        part: Part,
        options: &'o WriteOptions,
        manager: &'o str,
    ) -> UpdateOptions<'o> {
        let origin = self.origin(options.wire());
        UpdateOptions { part, status_too: false, dry_run: options.dry_run, origin, manager, is_owned: false }
    }

    /// The form of the answer.
    pub(super) fn view(&self, target: Target) -> Result<View, ApiError> {
        let accepted = negotiate(self.headers, self.query, target)?;
        let include = match accepted.form {
            Form::Table(_) => Include::parse(&query::first(self.query, "includeObject").unwrap_or_default())?,
            _ => Include::Metadata,
        };
        Ok(View { definition: self.store.definition, version: self.version, accepted, include })
    }

    /// Options of a list or a watch, with selectors this kind understands.
    pub(super) fn list_options(&self, watch: bool) -> Result<ListOptions, ApiError> {
        let is_one = !self.info.name().is_empty()
            && (!self.store.definition.namespaced || !self.namespace().is_empty());
        let mut options = ListOptions::parse(self.query, watch, is_one)?;
        let own = self.store.definition.selectable_fields.iter().map(|field| field.name);
        let known = ["metadata.name", "metadata.namespace"].into_iter().chain(own);
        for requirement in options.selection.fields.requirements() {
            let field = requirement.field.as_str();
            if known.clone().any(|known| known == field) {
                continue;
            }
            let all: Vec<String> = known.map(|field| format!("{field:?}")).collect();
            return Err(ApiError::bad_request(&format!(
                "{field:?} is not a known field selector: only {}",
                all.join(", ")
            )));
        }
        pin_name(&mut options.selection.fields, self.info.name())?;
        Ok(options)
    }

    /// Records the object of the request, as it was read.
    pub(super) fn record(&self, view: &View, object: &dyn Hub) {
        let json = || {
            let (mut out, mut item) = (view.json_header(), Vec::new());
            (self.version.encode_json)(object, &mut item);
            out.extend_from_slice(&item[1..]);
            out
        };
        self.record_facts(object.meta(), json);
    }

    /// Records an object of the request, by what it says of itself.
    pub(super) fn record_facts(&self, meta: &ObjectMeta, json: impl FnOnce() -> Vec<u8>) {
        let Some(audit) = self.audit else { return };
        let ObjectMeta { name, namespace, uid, resource_version, .. } = meta;
        audit.request(ObjectFacts { name, namespace, uid, resource_version }, json);
    }

    /// An answer with one object.
    pub(super) fn answer(&self, view: &View, code: StatusCode, stored: &Stored) -> Response<Body> {
        if let Some(audit) = self.audit {
            audit.response(|| view.json(stored, view.accepted.form));
        }
        let mut response = Response::new(Body::full(view.body(stored)));
        *response.status_mut() = code;
        set_content_type(&mut response, view.accepted, false);
        response
    }
}

impl Annotations for Entry {
    fn annotate(&self, key: &str, value: &str) {
        Entry::annotate(self, key, value);
    }

    fn takes_requests(&self) -> bool {
        Entry::takes_requests(self)
    }
}

/// A request that authorization took for one object is about no other, whatever its selector says (L-32).
fn pin_name(fields: &mut FieldSelector, name: &str) -> Result<(), ApiError> {
    if name.is_empty() {
        return Ok(());
    }
    if fields.is_empty() {
        *fields = FieldSelector::equal("metadata.name", name);
    }
    match fields.requires_exact("metadata.name") == Some(name) {
        true => Ok(()),
        false => Err(ApiError::bad_request("fieldSelector metadata.name doesn't match requested name")),
    }
}

pub(super) fn set_content_type(response: &mut Response<Body>, accepted: Accepted, watch: bool) {
    let value = HeaderValue::from_static(accepted.media.content_type(watch));
    response.headers_mut().insert(CONTENT_TYPE, value);
}

/// `Warning: 299 - "…"`, each once; when all of them are long, each is shortened and those too many are left out (V-07).
pub(super) fn add_warnings(response: &mut Response<Body>, warnings: &[String]) {
    const MOST: usize = 4096;
    const SHORT: usize = 256;
    let total: usize = warnings.iter().map(|text| text.chars().count()).sum();
    let most = if total > MOST { SHORT } else { MOST };
    let mut seen: Vec<&String> = Vec::new();
    let mut room = MOST;
    for text in warnings {
        let length = text.chars().count().min(most);
        if seen.contains(&text) || length > room {
            continue;
        }
        seen.push(text);
        room -= length;
        let clean = text.chars().take(most).map(|c| if c.is_control() { ' ' } else { c });
        let escaped = clean.collect::<String>().replace('\\', "\\\\").replace('"', "\\\"");
        let value = format!("299 - \"{escaped}\"");
        if let Ok(value) = HeaderValue::from_bytes(value.as_bytes()) {
            response.headers_mut().append(WARNING, value);
        }
    }
}
