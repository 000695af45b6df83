//! The file that lets a client in.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::Pair;
use super::leaf::administrator;

/// A `kubeconfig` whose context `api` is the administrator at `server`.
pub(super) fn render(api: &str, server: &str, authority: &str, admin: &Pair) -> String {
    let authority = STANDARD.encode(authority);
    let certificate = STANDARD.encode(&admin.certificate);
    let key = STANDARD.encode(&admin.key);
    let (server, administrator) = (serde_json::Value::from(server), administrator(api));
    format!(
        "apiVersion: v1
kind: Config
clusters:
- name: {api}
  cluster:
    server: {server}
    certificate-authority-data: {authority}
users:
- name: {administrator}
  user:
    client-certificate-data: {certificate}
    client-key-data: {key}
contexts:
- name: {api}
  context:
    cluster: {api}
    user: {administrator}
current-context: {api}
"
    )
}
