//! The flags each program is started with.

use std::path::Path;

use rcgen::KeyPair;
use serde_json::{Value, json};

use crate::Result;
use crate::pki::{FRONT_PROXY, Pki, write};

/// Where clients and peers of etcd connect.
pub(crate) struct EtcdPorts {
    pub(crate) client: u16,
    pub(crate) peer: u16,
}

pub(crate) fn etcd(data: &Path, ports: &EtcdPorts) -> Vec<String> {
    let (client, peer) = (url(ports.client), url(ports.peer));
    vec![
        format!("--data-dir={}", data.display()),
        format!("--listen-client-urls={client}"),
        format!("--advertise-client-urls={client}"),
        format!("--listen-peer-urls={peer}"),
        format!("--initial-advertise-peer-urls={peer}"),
        format!("--initial-cluster=default={peer}"),
        "--quota-backend-bytes=8589934592".to_owned(),
        "--log-level=warn".to_owned(),
        // A test's data need not survive the machine; its writes need not wait for the disk.
        "--unsafe-no-fsync".to_owned(),
    ]
}

/// The file among the logs that says what our server asked of kube-apiserver.
pub(crate) const AUDIT: &str = "audit.log";

/// Everything that our server does as its service account, but not with what content.
fn audit_policy() -> Value {
    let user = "system:serviceaccount:databases-system:databases-apiserver";
    json!({
        "apiVersion": "audit.k8s.io/v1", "kind": "Policy", "omitStages": ["RequestReceived", "ResponseStarted"],
        "rules": [{"level": "Metadata", "users": [user]}, {"level": "None"}],
    })
}

/// kube-apiserver: RBAC, client certificates, a front proxy of its own authority.
pub(crate) fn apiserver(pki: &Pki, logs: &Path, etcd: u16, port: u16) -> Result<Vec<String>> {
    let serving = pki.serving.serving(&["127.0.0.1", "localhost", "kubernetes.default.svc"])?;
    let serving = serving.write(&pki.folder, "kube-apiserver")?;
    let proxy = pki.front_proxy.client(FRONT_PROXY, &[])?.write(&pki.folder, FRONT_PROXY)?;
    let accounts = KeyPair::generate()?;
    let signing = write(pki.file("service-account.key"), &accounts.serialize_pem())?;
    let verifying = write(pki.file("service-account.pub"), &accounts.public_key_pem())?;
    let policy = write(pki.file("audit-policy.json"), &audit_policy().to_string())?;
    Ok(vec![
        format!("--etcd-servers={}", url(etcd)),
        "--bind-address=127.0.0.1".to_owned(),
        format!("--secure-port={port}"),
        format!("--tls-cert-file={}", serving.certificate.display()),
        format!("--tls-private-key-file={}", serving.key.display()),
        format!("--client-ca-file={}", pki.file("client-ca.crt").display()),
        "--authorization-mode=RBAC".to_owned(),
        format!("--requestheader-client-ca-file={}", pki.file("front-proxy-ca.crt").display()),
        format!("--requestheader-allowed-names={FRONT_PROXY}"),
        "--requestheader-username-headers=X-Remote-User".to_owned(),
        "--requestheader-group-headers=X-Remote-Group".to_owned(),
        "--requestheader-extra-headers-prefix=X-Remote-Extra-".to_owned(),
        "--requestheader-uid-headers=X-Remote-Uid".to_owned(),
        format!("--proxy-client-cert-file={}", proxy.certificate.display()),
        format!("--proxy-client-key-file={}", proxy.key.display()),
        "--service-account-issuer=https://kubernetes.default.svc".to_owned(),
        format!("--service-account-key-file={}", verifying.display()),
        format!("--service-account-signing-key-file={}", signing.display()),
        "--service-cluster-ip-range=10.0.0.0/16".to_owned(),
        // It refuses to publish a loopback address as its endpoint.
        "--endpoint-reconciler-type=none".to_owned(),
        format!("--audit-policy-file={}", policy.display()),
        format!("--audit-log-path={}", logs.join(AUDIT).display()),
        "--v=0".to_owned(),
    ])
}

/// kube-controller-manager, with every controller that needs no cloud.
pub(crate) fn controller_manager(pki: &Pki, kubeconfig: &Path, port: u16) -> Result<Vec<String>> {
    let serving = pki.serving.serving(&["127.0.0.1"])?.write(&pki.folder, "kube-controller-manager")?;
    let kubeconfig = kubeconfig.display();
    Ok(vec![
        format!("--kubeconfig={kubeconfig}"),
        format!("--authentication-kubeconfig={kubeconfig}"),
        format!("--authorization-kubeconfig={kubeconfig}"),
        "--bind-address=127.0.0.1".to_owned(),
        format!("--secure-port={port}"),
        format!("--tls-cert-file={}", serving.certificate.display()),
        format!("--tls-private-key-file={}", serving.key.display()),
        format!("--root-ca-file={}", pki.file("serving-ca.crt").display()),
        format!("--service-account-private-key-file={}", pki.file("service-account.key").display()),
        "--leader-elect=false".to_owned(),
        "--v=2".to_owned(),
    ])
}

/// sample-apiserver behind the control plane of `kubeconfig`.
pub(crate) fn sample(folder: &Path, pki: &Pki, kubeconfig: &Path, etcd: &str, port: u16) -> Vec<String> {
    let kubeconfig = kubeconfig.display();
    vec![
        format!("--kubeconfig={kubeconfig}"),
        format!("--authentication-kubeconfig={kubeconfig}"),
        format!("--authorization-kubeconfig={kubeconfig}"),
        format!("--etcd-servers={etcd}"),
        "--bind-address=127.0.0.1".to_owned(),
        format!("--secure-port={port}"),
        format!("--tls-cert-file={}", pki.file("sample-apiserver.crt").display()),
        format!("--tls-private-key-file={}", pki.file("sample-apiserver.key").display()),
        format!("--cert-dir={}", folder.display()),
        "--v=0".to_owned(),
    ]
}

/// The address of a plain HTTP port of this machine.
pub(crate) fn url(port: u16) -> String {
    format!("http://127.0.0.1:{port}")
}
