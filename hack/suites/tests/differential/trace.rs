//! What is asked, step by step.
//!
//! A text may hold what only the server that is asked knows: `<rv:v1beta1/one/a>` is the resource version that it said last of that
//! object, `<old:…>` the first one, `<uid:…>` its uid, `<list>` the resource version of the last list, `<continue>` its token.

use serde_json::Value;

/// What is asked after each other, beginning with nothing.
#[derive(Debug)]
pub(crate) struct Episode {
    /// The one collection whose objects are written, over all namespaces.
    pub(crate) collection: String,
    pub(crate) steps: Vec<Step>,
}

/// One step.
#[derive(Debug)]
pub(crate) enum Step {
    /// A request that is answered at once.
    Ask(Request),
    /// A watch, which goes on beside the next steps.
    Watch(Request),
    /// Every watch that goes on is read until an object comes that bears this mark.
    Drain(String),
}

/// One request.
#[derive(Debug, Default)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) body: Body,
    /// A collection that is listed first, so that a cache from which this is answered is as new as the store.
    pub(crate) fresh: Option<String>,
    /// Whether what a cluster's controllers do about the objects that go is done afterwards: by whoever asks, where there are none.
    pub(crate) settles: bool,
}

/// What is sent.
#[derive(Debug, Default)]
pub(crate) enum Body {
    #[default]
    Nothing,
    Text(String),
    /// The object as it is stored, or else another, with changes: members by their paths, `null` for those that are to be gone.
    Stored {
        path: String,
        otherwise: Value,
        changes: Vec<(&'static str, Value)>,
        cut: bool,
    },
}

impl Request {
    /// As it is shown.
    pub(crate) fn shown(&self) -> String {
        let headers: String = self.headers.iter().map(|(name, value)| format!(" {name}: {value};")).collect();
        let body = match &self.body {
            Body::Nothing => String::new(),
            Body::Text(text) => format!(" {text}"),
            Body::Stored { changes, cut, .. } => {
                let changes: Vec<String> =
                    changes.iter().map(|(path, value)| format!("{path}: {value}")).collect();
                format!(" the stored object, {}{}", changes.join(", "), if *cut { ", cut off" } else { "" })
            }
        };
        format!("{} {}{headers}{body}", self.method, self.path)
    }
}
