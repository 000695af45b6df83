//! What a pod that is run by the played kubelet finds: its files, its variables, and the Services of its set.

use super::kubelet::{Kubelet, address, core};
use super::process::{as_postgres, show_to_postgres};
use super::*;
use crate::backend::operator::at;
use base64::Engine as _;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::PoisonError;
use std::sync::atomic::{AtomicU32, Ordering};
use tokio::net::{TcpListener, TcpStream};

/// Files of a pod that changed lie in a new folder.
static NEXT_VERSION: AtomicU32 = AtomicU32::new(1);

impl Kubelet {
    pub(super) fn own(&self, uid: &str) -> PathBuf {
        self.folder.path().join(format!("pod-{uid}"))
    }

    /// Writes the files that a pod mounts; whether all are there. Of a pod that did not change a kubelet looks at them about
    /// once a minute; this one never does.
    pub(super) async fn mount(&self, pod: &Value, set: &str, uid: &str) -> bool {
        let (own, known) = (self.own(uid), pod["metadata"]["annotations"].to_string());
        if fs::read_to_string(own.join("known")).is_ok_and(|before| before == known) {
            return true;
        }
        let map = self.get(&core("ConfigMap", "configmaps"), set).await;
        let secret = self.get(&crate::cluster::SECRETS, &manager_secret(set)).await;
        let Some((map, secret)) = map.zip(secret) else { return false };
        let Some(certificate) = self.certificate(pod, set).await else { return false };
        let text = |value: &Value| value.as_str().unwrap_or_default().as_bytes().to_vec();
        let decoded =
            |value: &Value| base64::engine::general_purpose::STANDARD.decode(text(value)).expect("base64");
        for (folder, data, read) in [
            ("config", &map["data"], &text as &dyn Fn(&Value) -> Vec<u8>),
            ("secrets", &secret["data"], &decoded),
            ("tls", &certificate, &decoded),
        ] {
            // All in one step: somebody may be reading them.
            let version = NEXT_VERSION.fetch_add(1, Ordering::Relaxed);
            let [files, link] =
                [version.to_string(), "new".into()].map(|end| own.join(format!("{folder}.{end}")));
            fs::create_dir_all(&files).expect("a folder");
            for (key, value) in data.as_object().into_iter().flatten() {
                fs::write(files.join(key), read(value)).expect("a file");
                if folder == "tls" {
                    show_to_postgres(&files.join(key));
                }
            }
            symlink(&files, &link).expect("a link");
            fs::rename(&link, own.join(folder)).expect("a link");
        }
        fs::create_dir_all(own.join("run")).expect("a folder");
        fs::write(own.join("known"), known).expect("a file");
        true
    }

    /// What a pod mounts of its certificate's Secret; null where it mounts none.
    async fn certificate(&self, pod: &Value, set: &str) -> Option<Value> {
        let mut volumes = pod["spec"]["volumes"].as_array().into_iter().flatten();
        let Some(items) = volumes.find_map(|volume| volume["secret"]["items"].as_array()) else {
            return Some(Value::Null);
        };
        let secret = self.get(&crate::cluster::SECRETS, &certificate_secret(set)).await?;
        let shown = |item: &Value| (at(item, "path").to_owned(), secret["data"][at(item, "key")].clone());
        Some(items.iter().map(shown).collect())
    }

    pub(super) fn command(
        &self,
        pod: &Value,
        what: &str,
        address: &str,
        service: &str,
        places: [(&str, PathBuf); 5],
    ) -> Command {
        let mut command = as_postgres();
        let config = &places[1].1;
        command
            .arg("sh")
            .arg(config.join(what))
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default());
        for one in pod["spec"]["containers"][0]["env"].as_array().into_iter().flatten() {
            let value = match at(one, "valueFrom.fieldRef.fieldPath") {
                "" => at(one, "value"),
                "status.podIPs" => address,
                path => at(pod, path),
            };
            command.env(at(one, "name"), value);
        }
        command.env("PRIMARY", service).envs(places);
        let log = fs::File::options()
            .create(true)
            .append(true)
            .open(self.folder.path().join(at(pod, "metadata.name")));
        let log = log.expect("a log");
        command.stdin(Stdio::null()).stderr(log.try_clone().expect("a log")).stdout(log);
        command
    }

    pub(super) async fn is_ready(&self, own: &std::path::Path) -> bool {
        let mut command = tokio::process::Command::from(as_postgres());
        command
            .arg("sh")
            .arg(own.join("config/ready"))
            .env("RUN", own.join("run"))
            .env("PORT", PORT.to_string());
        let ended = command.stdout(Stdio::null()).stderr(Stdio::null()).status().await;
        ended.is_ok_and(|status| status.success())
    }

    /// The address of a Service, which leads to the primary.
    pub(super) async fn service_of(&self, set: &str) -> String {
        if let Some(known) = self.service(set) {
            return known;
        }
        let (own, primaries) = (address(), self.state().primaries.clone());
        let listener = TcpListener::bind((own.as_str(), PORT)).await.expect("an address");
        let name = set.to_owned();
        let proxy = tokio::spawn(async move {
            while let Ok((mut client, _)) = listener.accept().await {
                let led = primaries.lock().unwrap_or_else(PoisonError::into_inner).get(&name).cloned();
                tokio::spawn(async move {
                    let Some(led) = led else { return };
                    let Ok(mut server) = TcpStream::connect((led.as_str(), PORT)).await else { return };
                    let _ = tokio::io::copy_bidirectional(&mut client, &mut server).await;
                });
            }
        });
        self.proxies.lock().unwrap_or_else(PoisonError::into_inner).push(proxy);
        self.state().services.insert(set.to_owned(), own.clone());
        own
    }
}
