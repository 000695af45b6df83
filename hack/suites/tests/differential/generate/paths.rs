//! Paths that lead nowhere, methods that nobody has, and what a server says of itself.

use super::Maker;
use crate::trace::{Body, Request};
use crate::world::World;

/// Below the group of the sample.
const SAMPLE: &[&str] = &[
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

/// Below the core group.
const CORE: &[&str] = &[
    "",
    "/",
    "/v1/",
    "/v2",
    "/v2/configmaps",
    "/v1/nothing",
    "/v1/namespaces/one",
    "/v1/namespaces/one/",
    "/v1/namespaces/one/nothing",
    "/v1/namespaces/one/status",
    "/v1/namespaces/one/finalize",
    "/v1/namespaces/none/finalize",
    "/v1/namespaces/one/status/more",
    "/v1//configmaps",
    "/v1/configmaps/a",
    "/v1/namespaces/one/configmaps/",
    "/v1/namespaces/one/configmaps/a/",
    "/v1/namespaces/one/configmaps/a/status",
    "/v1/namespaces/one/secrets/a/nothing",
    "/v1/namespaces/one/secrets/a/nothing/more",
    "/v1/namespaces/one/secrets/a/scale",
    "/v1/namespaces//secrets",
    "/v1/namespaces/one/Secrets",
    "/v1/namespaces/one/secret/a",
    "/v1/namespaces/one/secrets/a%2Fb",
    "/v1/namespaces/one/configmaps?%zz",
    "/v1/namespaces/one/configmaps?a;b",
    "/v1/namespaces/one/configmaps?&&=&limit",
    "/v1/namespaces/one/namespaces",
    "/v1/watch/configmaps?timeoutSeconds=1&resourceVersion=x",
    "/v1/../v1/configmaps",
];

impl Maker<'_> {
    pub(super) fn oddity(&mut self) {
        let mut headers = Vec::new();
        self.accept(&mut headers);
        let (method, path) = match self.random.below(4) {
            0 => {
                let place = self.place();
                let name = self.name();
                let path = if self.random.chance(50) { place.item(name) } else { place.collection() };
                (self.random.of(&["OPTIONS", "TRACE", "BREW", "get", "HEAD", "POST", "PUT", "PATCH"]), path)
            }
            1 => {
                let place = self.place();
                let method = self.random.of(&["POST", "DELETE", "PUT", "PATCH"]);
                (method, place.everywhere())
            }
            _ => {
                let world = self.kind.world;
                // Namespaces in which is written are to stay.
                let odd =
                    ["HEAD", "POST", "PUT", "OPTIONS", if world == World::Core { "PATCH" } else { "DELETE" }];
                let method = self.either(&["GET"], &odd);
                let path = self.random.of(if world == World::Core { CORE } else { SAMPLE });
                (method, format!("{}{path}", world.root()))
            }
        };
        self.ask(Request {
            method: method.to_owned(),
            path,
            headers,
            body: Body::Nothing,
            ..Request::default()
        });
    }
}
