//! Deletions.

use super::Maker;
use super::queries::query;
use crate::trace::{Body, Request};

const OPTIONS: &[&str] = &[
    "",
    "{}",
    r#"{"dryRun":["All"]}"#,
    r#"{"propagationPolicy":"Background"}"#,
    r#"{"propagationPolicy":"Foreground"}"#,
    r#"{"propagationPolicy":"Orphan"}"#,
    r#"{"gracePeriodSeconds":0}"#,
    r#"{"gracePeriodSeconds":10}"#,
    r#"{"kind":"DeleteOptions","apiVersion":"v1","propagationPolicy":"Background"}"#,
    r#"{"orphanDependents":true}"#,
];
const ODD: &[&str] = &[
    "{",
    "[]",
    "null",
    r#"{"kind":"Other","apiVersion":"v1"}"#,
    r#"{"kind":"DeleteOptions","apiVersion":"v7","dryRun":["All"]}"#,
    r#"{"kind":"DeleteOptions"}"#,
    r#"{"propagationPolicy":"Sideways"}"#,
    r#"{"propagationPolicy":"Orphan","orphanDependents":true}"#,
    r#"{"preconditions":{"uid":"0a1b2c3d-0000-4000-8000-0123456789ab"}}"#,
    r#"{"preconditions":{"resourceVersion":"1"}}"#,
    r#"{"preconditions":{"resourceVersion":"x"}}"#,
    r#"{"preconditions":{"uid":"","resourceVersion":""}}"#,
    r#"{"dryRun":["Some"]}"#,
    r#"{"dryRun":["All","All"]}"#,
    r#"{"gracePeriodSeconds":-5,"dryRun":["All"]}"#,
    r#"{"gracePeriodSeconds":"x"}"#,
    r#"{"unheardOf":1,"dryRun":["All"]}"#,
    r#"{"ignoreStoreReadErrorWithClusterBreakingPotential":true}"#,
];

impl Maker<'_> {
    /// Options, in the body and in the query.
    fn options(&mut self, headers: &mut Vec<(&'static str, String)>) -> (String, String) {
        let body = if self.random.chance(50) { "" } else { self.either(OPTIONS, ODD) };
        if !body.is_empty() {
            self.content("application/json", headers);
        }
        let mut parameters = Vec::new();
        if self.random.chance(15) {
            parameters.push(("dryRun", self.either(&["All"], &["Some"]).to_owned()));
        }
        if self.random.chance(15) {
            let policy = self.either(&["Background", "Foreground", "Orphan"], &["Sideways", ""]);
            parameters.push(("propagationPolicy", policy.to_owned()));
        }
        if self.random.chance(10) {
            parameters.push(("gracePeriodSeconds", self.either(&["0", "5"], &["x", "-1", "1.5"]).to_owned()));
        }
        if self.is_odd() && self.random.chance(30) {
            let uid = "0a1b2c3d-0000-4000-8000-0123456789ab";
            let guards = [("uid", ""), ("uid", uid), ("resourceVersion", "1"), ("resourceVersion", "")];
            let (name, value) = self.random.of(&guards);
            parameters.push((name, value.to_owned()));
        }
        if self.is_odd() {
            parameters.push(("orphanDependents", self.random.of(&["true", "false", "maybe"]).to_owned()));
        }
        self.common(&mut parameters);
        self.accept(headers);
        (body.to_owned(), query(&parameters))
    }

    pub(super) fn delete(&mut self) {
        let place = self.place();
        let name = self.name();
        let mut headers = Vec::new();
        let (mut body, query) = self.options(&mut headers);
        if body.is_empty() && self.random.chance(20) {
            let key = place.key(name);
            let wanted =
                self.random.of(&["uid\":\"<uid:", "resourceVersion\":\"<rv:", "resourceVersion\":\"<old:"]);
            body = format!(r#"{{"preconditions":{{"{wanted}{key}>"}}}}"#);
            headers.push(("content-type", "application/json".to_owned()));
        }
        let body = if body.is_empty() { Body::Nothing } else { Body::Text(body) };
        let path = format!("{}{query}", place.item(name));
        self.ask(Request { method: "DELETE".to_owned(), path, headers, body, ..Request::default() });
    }

    pub(super) fn delete_collection(&mut self) {
        let place = self.place();
        let mut headers = Vec::new();
        let (body, mut query) = self.options(&mut headers);
        let more = self.either(
            &["labelSelector=x%3D1", "labelSelector=x", "fieldSelector=metadata.name%3Da", "limit=1"],
            &[
                "labelSelector=x+in",
                "limit=x",
                "resourceVersion=0",
                "resourceVersion=x",
                "fieldSelector=spec.none%3D1",
            ],
        );
        query.push_str(if query.is_empty() { "?" } else { "&" });
        query.push_str(more);
        let body = if body.is_empty() { Body::Nothing } else { Body::Text(body) };
        let path = format!("{}{query}", place.collection());
        self.ask(Request {
            method: "DELETE".to_owned(),
            path,
            headers,
            body,
            fresh: Some(place.everywhere()),
            ..Request::default()
        });
    }
}
