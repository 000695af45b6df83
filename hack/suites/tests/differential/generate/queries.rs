//! Query parameters, and the reads that have most of them.

use super::{Maker, Place, Watched};
use crate::trace::{Body, Request, Step};

/// Selectors, and what an object must be for them to select it.
const LABELS: &[(&str, &[(&str, &str)])] = &[
    ("", &[]),
    ("x=1", &[("x", "1")]),
    ("x", &[("x", "1")]),
    ("!x", &[]),
    ("x!=1", &[]),
    ("x in (1,2)", &[("x", "2")]),
    ("x notin (1,2)", &[("x", "3")]),
    ("x=1,y=2", &[("x", "1"), ("y", "2")]),
    ("x>1", &[("x", "3")]),
    ("x==1,!y", &[("x", "1")]),
];
const ODD_LABELS: &[&str] = &[
    "=",
    "x=1=2",
    "x in 1",
    "x in ()",
    "!",
    "x=-",
    "x>y",
    "x in (1",
    "x,,y",
    ",",
    "x y",
    "x=1;y=2",
    "a/b/c=d",
    "x notin",
    "x = 1 , y",
    "X/y=1",
    "x in (-)",
    "(x)",
    "x=$",
    "é=1",
    "x>1.5",
    "x in (1,,2)",
];
const ODD_FIELDS: &[&str] = &[
    "spec.none=1",
    "metadata.name",
    "metadata.name=a,metadata.name=b",
    "metadata.namespace=two",
    "metadata.name==a",
    "=",
    "metadata.name=a\\",
    "metadata.name=a\\,b",
    "metadata.name!=a",
    "status.phase=x",
    "metadata.labels.x=1",
    ",",
];

/// A text as it stands in a query.
fn escaped(text: &str) -> String {
    let escape = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'.' | b'-' | b'_' | b'/' | b'<' | b'>' | b':' => {
            char::from(byte).to_string()
        }
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(escape).collect()
}

/// `?NAME=VALUE&…`
pub(super) fn query(parameters: &[(&str, String)]) -> String {
    let parts: Vec<String> = parameters
        .iter()
        .map(|(name, value)| match (*name, value.contains('<') && !value.contains(' ')) {
            (name, true) if name.starts_with("resourceVersion") || name == "continue" => {
                format!("{name}={value}")
            }
            (name, _) => format!("{name}={}", escaped(value).replace('<', "%3C").replace('>', "%3E")),
        })
        .collect();
    if parts.is_empty() { String::new() } else { format!("?{}", parts.join("&")) }
}

type Parameters = Vec<(&'static str, String)>;

impl Maker<'_> {
    /// Those that every verb takes.
    pub(super) fn common(&mut self, parameters: &mut Parameters) {
        if self.random.chance(5) {
            parameters.push(("pretty", self.random.of(&["true", "false", "1", "", "x", "0"]).to_owned()));
        }
        if self.is_odd() && self.random.chance(30) {
            parameters.push(("unheardOf", "1".to_owned()));
        }
    }

    /// Those of whatever writes.
    pub(super) fn writing(&mut self, parameters: &mut Parameters) {
        if self.random.chance(25) {
            parameters.push(("dryRun", self.either(&["All"], &["Some", "", "all", "All,All"]).to_owned()));
        }
        if self.random.chance(15) {
            let long = "m".repeat(129);
            let manager = self.either(&["m", "n", "manager-one"], &["", "a\nb", "é", "<", &long]).to_owned();
            parameters.push(("fieldManager", manager));
        }
        if self.random.chance(25) {
            let how = self.either(&["Strict", "Warn", "Ignore"], &["Sometimes", "", "strict"]);
            parameters.push(("fieldValidation", how.to_owned()));
        }
        self.common(parameters);
        if self.is_odd() && self.random.chance(10) {
            parameters.extend(parameters.first().cloned());
        }
    }

    /// A resource version that is known, or none.
    fn revision(&mut self, place: Place) -> String {
        let name = self.name();
        match self.either(&[0, 1, 2, 3, 4], &[5, 6, 7, 8, 9]) {
            0 | 1 => "0".to_owned(),
            2 => format!("<rv:{}>", place.key(name)),
            3 => format!("<old:{}>", place.key(name)),
            4 => "<list>".to_owned(),
            5 => "x".to_owned(),
            6 => "-1".to_owned(),
            7 => "+1".to_owned(),
            8 => "1.5".to_owned(),
            _ => "99999999999999999999999".to_owned(),
        }
    }

    fn selecting(
        &mut self,
        parameters: &mut Parameters,
        labels: &mut Vec<(&'static str, &'static str)>,
    ) -> Option<&'static str> {
        if self.random.chance(25) {
            if self.is_odd() {
                parameters.push(("labelSelector", self.random.of(ODD_LABELS).to_owned()));
            } else {
                let (selector, matching) = self.random.of(LABELS);
                parameters.push(("labelSelector", selector.to_owned()));
                labels.extend(matching);
            }
        }
        if !self.random.chance(15) {
            return None;
        }
        if self.is_odd() {
            parameters.push(("fieldSelector", self.random.of(ODD_FIELDS).to_owned()));
            return None;
        }
        let name = self.random.of(&self.watched());
        parameters.push(("fieldSelector", format!("metadata.name={name}")));
        Some(name)
    }

    pub(super) fn get(&mut self) {
        let place = self.place();
        let mut parameters = Vec::new();
        if self.random.chance(20) {
            parameters.push(("resourceVersion", self.revision(place)));
        }
        self.common(&mut parameters);
        let mut headers = Vec::new();
        self.accept(&mut headers);
        let method = self.either(&["GET"], &["HEAD"]);
        let path = format!("{}{}", place.item(self.name()), query(&parameters));
        self.ask(Request {
            method: method.to_owned(),
            path,
            headers,
            body: Body::Nothing,
            fresh: Some(place.everywhere()),
            ..Request::default()
        });
    }

    /// A place, or the same kind in all namespaces.
    fn anywhere(&mut self, place: Place) -> String {
        if self.random.chance(25) { place.everywhere() } else { place.collection() }
    }

    pub(super) fn list(&mut self) {
        let place = self.place();
        let mut parameters = Vec::new();
        if self.selecting(&mut parameters, &mut Vec::new()).is_none() && self.random.chance(8) {
            parameters.retain(|(name, _)| *name != "fieldSelector");
            parameters.push(("fieldSelector", self.random.of(self.kind.fields).to_owned()));
        }
        if self.random.chance(30) {
            parameters.push((
                "limit",
                self.either(&["1", "2", "0", "500"], &["-1", "x", "", "1.5", "99999999999999999999"])
                    .to_owned(),
            ));
        }
        if self.random.chance(15) {
            let odd =
                ["nonsense", "e30", "eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJydiI6MSwic3RhcnQiOiIuLi94In0", "", "%%%"];
            parameters.push(("continue", self.either(&["<continue>"], &odd).to_owned()));
        }
        if self.random.chance(25) {
            parameters.push(("resourceVersion", self.revision(place)));
        }
        if self.random.chance(15) {
            let how = self.either(&["Exact", "NotOlderThan"], &["Other", "", "exact"]);
            parameters.push(("resourceVersionMatch", how.to_owned()));
        }
        if self.is_odd() {
            let (name, value) = self.random.of(&[
                ("watch", "false"),
                ("watch", "0"),
                ("sendInitialEvents", "true"),
                ("sendInitialEvents", "false"),
                ("sendInitialEvents", "maybe"),
                ("timeoutSeconds", "x"),
                ("timeoutSeconds", "-5"),
                ("timeoutSeconds", "10"),
                ("allowWatchBookmarks", "perhaps"),
                ("limit", "1"),
            ]);
            parameters.push((name, value.to_owned()));
        }
        self.common(&mut parameters);
        let mut headers = Vec::new();
        self.accept(&mut headers);
        if self.random.chance(5) {
            headers.retain(|(name, _)| *name != "accept");
            headers.push(("accept", "application/json;as=Table;v=v1;g=meta.k8s.io".to_owned()));
            let include = self.either(&["None", "Metadata", "Object"], &["All", ""]);
            parameters.push(("includeObject", include.to_owned()));
        }
        let method = self.either(&["GET"], &["HEAD"]).to_owned();
        let path = format!("{}{}", self.anywhere(place), query(&parameters));
        self.ask(Request {
            method,
            path,
            headers,
            body: Body::Nothing,
            fresh: Some(place.everywhere()),
            ..Request::default()
        });
    }

    /// A watch, which the next drain reads to its mark.
    pub(super) fn watch(&mut self) {
        if self.watches.len() >= 3 {
            return self.drain();
        }
        let place = match self.place() {
            place if place.kind.is_namespaced => Place { namespace: Some("one"), ..place },
            place => place,
        };
        let (mut parameters, mut labels) =
            (vec![("watch", self.either(&["true", "1"], &["yes", "TRUE", ""]).to_owned())], Vec::new());
        let name = self.selecting(&mut parameters, &mut labels).unwrap_or("marked");
        if self.random.chance(60) {
            parameters.push(("resourceVersion", self.revision(place)));
        }
        if self.random.chance(20) {
            parameters.push(("allowWatchBookmarks", "true".to_owned()));
            if self.random.chance(60) {
                parameters
                    .push(("sendInitialEvents", self.either(&["true"], &["false", "maybe"]).to_owned()));
                parameters.push((
                    "resourceVersionMatch",
                    self.either(&["NotOlderThan"], &["Exact", ""]).to_owned(),
                ));
            }
        }
        if self.is_odd() {
            let (name, value) = self.random.of(&[
                ("sendInitialEvents", "true"),
                ("resourceVersionMatch", "Exact"),
                ("resourceVersionMatch", "NotOlderThan"),
                ("limit", "1"),
                ("limit", "-1"),
                ("continue", "abc"),
                ("timeoutSeconds", "x"),
            ]);
            parameters.push((name, value.to_owned()));
        }
        let mut headers = Vec::new();
        let accepted = [
            "application/json",
            "application/json;stream=watch",
            "*/*",
            "application/json;as=Table;v=v1;g=meta.k8s.io",
        ];
        if self.random.chance(25) {
            let odd = [
                "text/html",
                "application/yaml",
                "application/json;as=Other;v=v1;g=meta.k8s.io",
                "application/cbor-seq",
            ];
            headers.push(("accept", self.either(&accepted, &odd).to_owned()));
        }
        let path = format!("{}{}", self.anywhere(place), query(&parameters));
        let request = Request {
            method: "GET".to_owned(),
            path,
            headers,
            body: Body::Nothing,
            fresh: Some(place.everywhere()),
            ..Request::default()
        };
        self.steps.push(Step::Watch(request));
        self.watches.push(Watched { place, name: name.to_owned(), labels });
    }
}
