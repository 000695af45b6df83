//! The file that lets a client in.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::Pair;
use super::leaf::ADMINISTRATOR;

/// A `kubeconfig` whose context `databases` is the administrator at `server`.
pub(super) fn render(server: &str, authority: &str, admin: &Pair) -> String {
    let authority = STANDARD.encode(authority);
    let certificate = STANDARD.encode(&admin.certificate);
    let key = STANDARD.encode(&admin.key);
    let server = serde_json::Value::from(server);
    format!(
        "apiVersion: v1
kind: Config
clusters:
- name: databases
  cluster:
    server: {server}
    certificate-authority-data: {authority}
users:
- name: {ADMINISTRATOR}
  user:
    client-certificate-data: {certificate}
    client-key-data: {key}
contexts:
- name: databases
  context:
    cluster: databases
    user: {ADMINISTRATOR}
current-context: databases
"
    )
}
