//! Paths that lead nowhere, methods that nobody has, and what a server says of itself.

use super::Maker;
use crate::trace::{Body, Request};

const ROOT: &str = "/apis/wardle.example.com";

/// Below the group.
const PATHS: &[&str] = &[
    "",
    "/",
    "/v1beta1",
    "/v1alpha1",
    "/v1alpha1/",
    "/v9",
    "/v9/flunders",
    "/v1beta1/nothing",
    "/v1beta1/namespaces",
    "/v1beta1/namespaces/one",
    "/v1beta1//flunders",
    "/v1beta1/flunders/a",
    "/v1alpha1/fischers/f/status",
    "/v1alpha1/namespaces/one/fischers",
    "/v1alpha1/namespaces/one/fischers/f",
    "/v1beta1/fischers",
    "/v1beta1/namespaces/one/flunders/",
    "/v1beta1/namespaces/one/flunders/a/",
    "/v1beta1/namespaces/one/flunders/a/nothing",
    "/v1beta1/namespaces/one/flunders/a/nothing/more",
    "/v1beta1/namespaces/one/flunders/a/scale",
    "/v1beta1/namespaces//flunders",
    "/v1beta1/namespaces/one/Flunders",
    "/v1beta1/namespaces/one/flunder/a",
    "/v1beta1/namespaces/one/flunders/a%2Fb",
    "/v1beta1/namespaces/one/flunders?%zz",
    "/v1beta1/namespaces/one/flunders?a;b",
    "/v1beta1/namespaces/one/flunders?&&=&limit",
    "/v1beta1/watch/flunders?timeoutSeconds=1&resourceVersion=x",
    "/v1beta1/proxy/namespaces/one/flunders/a",
    "/v1beta1/../v1beta1/flunders",
];

impl Maker<'_> {
    pub(super) fn oddity(&mut self) {
        let mut headers = Vec::new();
        self.accept(&mut headers);
        let (method, path) = match self.random.below(4) {
            0 => {
                let place = self.place();
                let name = self.name(place);
                let path = if self.random.chance(50) { place.item(name) } else { place.collection() };
                (self.random.of(&["OPTIONS", "TRACE", "BREW", "get", "HEAD", "POST", "PUT", "PATCH"]), path)
            }
            1 => {
                let place = self.place();
                let method = self.random.of(&["POST", "DELETE", "PUT", "PATCH"]);
                (method, place.everywhere())
            }
            _ => {
                let method = self.either(&["GET"], &["HEAD", "POST", "DELETE", "PUT", "OPTIONS"]);
                (method, format!("{ROOT}{}", self.random.of(PATHS)))
            }
        };
        self.ask(Request { method: method.to_owned(), path, headers, body: Body::Nothing, fresh: None });
    }
}
