//! URLs: `url`, `isURL` and their parts, as they stand in the text.

use super::{Outcome, Text, failed, opaque};
use cel::extractors::This;
use cel::objects::Opaque;
use cel::{Context, DeclarationError, Value};
use http::Uri;
use percent_encoding::percent_decode_str;
use std::collections::HashMap;
use std::sync::Arc;

#[derive(Clone, Debug, PartialEq, Eq)]
struct Url {
    text: String,
    uri: Uri,
}

impl Opaque for Url {
    fn runtime_type_name(&self) -> &str {
        "kubernetes.URL"
    }
}

/// Adds the functions of URLs.
pub(super) fn add(context: &mut Context<'_, '_>) -> [Result<(), DeclarationError>; 8] {
    [
        context.add_function("isURL", |text: Text| parsed(&text).is_some()),
        context.add_function("url", |text: Text| {
            let url =
                parsed(&text).ok_or_else(|| failed("url", format!("{text:?} is no absolute URL or path")))?;
            Outcome::Ok(Value::Opaque(Arc::new(url)))
        }),
        context.add_function("getScheme", |this: This<Value>| {
            part(&this, |url| url.uri.scheme_str().unwrap_or_default().to_owned())
        }),
        context.add_function("getHost", |this: This<Value>| part(&this, Url::host)),
        context.add_function("getHostname", |this: This<Value>| {
            part(&this, |url| url.uri.host().unwrap_or_default().trim_matches(['[', ']']).to_owned())
        }),
        context.add_function("getPort", |this: This<Value>| {
            part(&this, |url| url.uri.port().map_or(String::new(), |port| port.as_str().to_owned()))
        }),
        context.add_function("getEscapedPath", |this: This<Value>| part(&this, Url::path)),
        context.add_function("getQuery", query),
    ]
}

fn parsed(text: &str) -> Option<Url> {
    let uri: Uri = text.parse().ok()?;
    let is_whole = uri.scheme().is_some() || text.starts_with('/');
    is_whole.then(|| Url { text: text.to_owned(), uri })
}

impl Url {
    /// The host with its port, where it has one.
    fn host(&self) -> String {
        let authority = self.uri.authority().map_or("", |authority| authority.as_str());
        authority.rsplit_once('@').map_or(authority, |(_, host)| host).to_owned()
    }

    /// Empty where the text has none.
    fn path(&self) -> String {
        let authority = self.uri.authority().map(|authority| authority.as_str());
        let rest = authority.and_then(|authority| self.text.split_once(authority)).map(|(_, rest)| rest);
        match rest {
            Some(rest) if !rest.starts_with('/') => String::new(),
            _ => self.uri.path().to_owned(),
        }
    }
}

fn url_of(this: &This<Value>) -> Outcome<&Url> {
    opaque::<Url>(&this.0).ok_or_else(|| failed("url", "this is no URL"))
}

fn part(this: &This<Value>, part: impl FnOnce(&Url) -> String) -> Outcome<Text> {
    url_of(this).map(|url| Arc::new(part(url)))
}

/// The values of each name, in order.
fn query(this: This<Value>) -> Outcome<Value> {
    let mut values: HashMap<String, Vec<Value>> = HashMap::new();
    let decoded = |text: &str| percent_decode_str(&text.replace('+', " ")).decode_utf8_lossy().into_owned();
    for pair in url_of(&this)?.uri.query().unwrap_or_default().split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        values.entry(decoded(name)).or_default().push(Value::String(Arc::new(decoded(value))));
    }
    let values: HashMap<String, Value> =
        values.into_iter().map(|(name, values)| (name, Value::List(Arc::new(values)))).collect();
    Ok(Value::from(values))
}
