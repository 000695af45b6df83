//! Pages of a list and the token that leads to the next (L-20…L-22).

use super::list_body::ListMetadata;
use super::options::ListOptions;
use crate::registry::{ObjectSnapshot, Store, Stored};
use apimachinery::status::ApiError;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use databases_storage::Revision;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

const TOKEN_VERSION: &str = "meta.k8s.io/v1";

/// Where a list goes on. Any replica understands it.
pub(super) struct Token {
    /// The revision all pages are of; `None` for a list that goes on at the newest state.
    pub(super) revision: Option<Revision>,
    /// The full key to go on from.
    pub(super) start: String,
    relative: String,
}

#[derive(Serialize, Deserialize)]
struct Encoded {
    v: String,
    rv: i64,
    start: String,
}

impl Token {
    /// The token of a request, if it has one.
    pub(super) fn of(options: &ListOptions, prefix: &str) -> Result<Option<Self>, ApiError> {
        let text = &options.continue_token;
        if text.is_empty() {
            return Ok(None);
        }
        if !matches!(options.resource_version.as_str(), "" | "0") {
            return Err(ApiError::bad_request(
                "specifying resource version is not allowed when using continue",
            ));
        }
        let wrong = |why: &str| {
            ApiError::bad_request(&format!("invalid continue token: continue key is not valid: {why}"))
        };
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|error| wrong(&error.to_string()))?;
        let encoded: Encoded = serde_json::from_slice(&bytes).map_err(|error| wrong(&error.to_string()))?;
        if encoded.v != TOKEN_VERSION {
            return Err(wrong(&format!("server does not recognize this encoded version {}", encoded.v)));
        }
        if encoded.rv == 0 {
            return Err(wrong("incorrect encoded start resourceVersion (version meta.k8s.io/v1)"));
        }
        if encoded.start.is_empty() {
            return Err(wrong("encoded start key empty (version meta.k8s.io/v1)"));
        }
        // A slash in front means nothing; any other way out of the list is none.
        let relative = encoded.start.strip_prefix('/').unwrap_or(&encoded.start);
        if !relative.is_empty() && relative.split('/').any(|part| matches!(part, "" | "." | "..")) {
            return Err(wrong(&encoded.start));
        }
        let (start, relative) = (format!("{prefix}{relative}"), relative.to_owned());
        Ok(Some(Token { revision: Revision::try_from(encoded.rv).ok(), start, relative }))
    }

    fn encode(revision: i64, relative: &str) -> String {
        let encoded = Encoded { v: TOKEN_VERSION.into(), rv: revision, start: relative.into() };
        URL_SAFE_NO_PAD.encode(serde_json::to_vec(&encoded).expect("a token is JSON"))
    }

    /// The history went away under a list: the client may start again, or take the rest as it is now.
    pub(super) fn expired(&self) -> ApiError {
        let token = Token::encode(-1, &self.relative);
        ApiError::expired_with_continue(
            "The provided continue parameter is too old to display a consistent list result. \
             You can start a new list without the continue parameter, or use the continue token in this response \
             to retrieve the remainder of the results. Continuing with the provided token results in an \
             inconsistent list - objects that were created, modified, or deleted between the time the first chunk \
             was returned and now may show up in the list.",
            &token,
        )
    }
}

/// One page.
pub(super) struct Page {
    pub(super) items: Vec<Arc<Stored>>,
    next: Option<String>,
    remaining: Option<i64>,
}

impl Page {
    pub(super) fn metadata(&self, snapshot: &ObjectSnapshot, prefix: &str) -> ListMetadata {
        let revision = snapshot.revision();
        let continue_token = self.next.as_deref().map(|key| {
            let relative = key.strip_prefix(prefix).unwrap_or(key);
            Token::encode(i64::try_from(revision).unwrap_or(i64::MAX), relative)
        });
        ListMetadata {
            resource_version: revision.to_string(),
            continue_token: continue_token.unwrap_or_default(),
            remaining: self.remaining,
        }
    }
}

/// Takes up to `limit` (0: all) selected objects from `start` on.
pub(super) fn take(
    store: &Store,
    snapshot: &ObjectSnapshot,
    prefix: &str,
    start: Option<&str>,
    options: &ListOptions,
    limit: usize,
) -> Page {
    let selection = &options.selection;
    let mut page = Page { items: Vec::new(), next: None, remaining: None };
    // What cannot be read is not there for a list; the store names it.
    if let Some(key) = only_key(store, prefix, options).filter(|_| start.is_none()) {
        let stored = snapshot.get(&key).and_then(|entry| entry.value().ok());
        page.items.extend(stored.filter(|stored| selection.matches(stored)).cloned());
        return page;
    }
    let mut last = String::new();
    let mut range = snapshot.range(prefix, start);
    for entry in range.by_ref() {
        let Ok(stored) = entry.value() else { continue };
        if !selection.matches(stored) {
            continue;
        }
        if limit > 0 && page.items.len() == limit {
            // Behind the last one, so that whoever goes on at the newest state sees what came in between.
            page.next = Some(format!("{last}\0"));
            if selection.is_everything() {
                let left_out = snapshot.damaged(prefix, Some(&entry.key)).count();
                page.remaining = i64::try_from((range.count() + 1).saturating_sub(left_out)).ok();
            }
            return page;
        }
        page.items.push(stored.clone());
        if page.items.len() == limit {
            last = entry.key.to_string();
        }
    }
    page
}

/// The key of the one object that a selector names, where the prefix holds no more than one of that name (L-32).
fn only_key(store: &Store, prefix: &str, options: &ListOptions) -> Option<String> {
    let name = options.selection.fields.requires_exact("metadata.name")?;
    let everywhere = store.definition.namespaced && prefix == store.prefix("");
    (!everywhere).then(|| format!("{prefix}{name}"))
}
