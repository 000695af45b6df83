//! A webhook whose path says what it does, and which remembers what it was asked.

use std::convert::Infallible;
use std::sync::{Arc, Mutex};

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use controlplane::pki::Authority;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// A webhook. A clone is the same one.
#[derive(Clone)]
pub struct Hook {
    /// Where it listens on the loopback interface.
    pub port: u16,
    /// The certificate of its authority, as configurations have it.
    pub ca: String,
    asked: Arc<Mutex<Vec<(String, Value)>>>,
}

impl Hook {
    /// Starts it, with a certificate of this authority.
    pub async fn start(authority: &Authority) -> Hook {
        let pair = authority.serving(&["localhost", "hook.demo.svc", "127.0.0.1"]).expect("a certificate");
        let chain = CertificateDer::pem_slice_iter(pair.certificate.as_bytes());
        let chain = chain.collect::<Result<Vec<_>, _>>().expect("certificates");
        let key = PrivateKeyDer::from_pem_slice(pair.key.as_bytes()).expect("a key");
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .expect("a certificate that fits its key");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let hook = Hook { port, ca: BASE64_STANDARD.encode(authority.pem()), asked: Arc::default() };
        let (acceptor, served) = (TlsAcceptor::from(Arc::new(config)), hook.clone());
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(served.clone().serve(acceptor.clone(), stream));
            }
        });
        hook
    }

    async fn serve(self, acceptor: TlsAcceptor, stream: TcpStream) {
        let Ok(stream) = acceptor.accept(stream).await else { return };
        let service = service_fn(move |request| self.clone().answer(request));
        // A caller that gives up breaks the connection; that is its right.
        let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
    }

    async fn answer(self, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
        let path = request.uri().path().to_owned();
        let body = request.into_body().collect().await.expect("a review").to_bytes();
        let review: Value = serde_json::from_slice(&body).expect("a review");
        let asked = review["request"].clone();
        self.asked.lock().expect("the list").push((path.clone(), asked.clone()));
        let text = match path.as_str() {
            "/hang" => std::future::pending().await,
            "/garbage" => "no review".to_owned(),
            path => json!({
                "kind": "AdmissionReview", "apiVersion": "admission.k8s.io/v1", "response": response(path, &asked),
            })
            .to_string(),
        };
        let mut response = Response::new(Full::from(text));
        if path == "/broken" {
            *response.status_mut() = hyper::StatusCode::INTERNAL_SERVER_ERROR;
        }
        Ok(response)
    }

    /// What was asked at a path, oldest first, of objects of this resource.
    pub fn asked(&self, path: &str, resource: &str) -> Vec<Value> {
        let asked = self.asked.lock().expect("the list");
        let wanted =
            |entry: &&(String, Value)| entry.0 == path && entry.1["resource"]["resource"] == resource;
        asked.iter().filter(wanted).map(|(_, review)| review.clone()).collect()
    }

    /// How others reach a path of it.
    pub fn at(&self, path: &str) -> Value {
        json!({"url": format!("https://localhost:{}{path}", self.port), "caBundle": self.ca})
    }
}

fn response(path: &str, asked: &Value) -> Value {
    let uid = &asked["uid"];
    let patch = |operations: Value| {
        if asked["operation"] == "DELETE" && path != "/patches-all" {
            return json!({"uid": uid, "allowed": true});
        }
        let patch = BASE64_STANDARD.encode(operations.to_string());
        json!({"uid": uid, "allowed": true, "patchType": "JSONPatch", "patch": patch})
    };
    match path {
        "/silent" => json!({"uid": uid, "allowed": false}),
        "/said" => json!({"uid": uid, "allowed": false, "status": {"message": "not today"}}),
        "/forbidden" => {
            json!({"uid": uid, "allowed": false, "status": {"message": "never", "reason": "Forbidden", "code": 403}})
        }
        "/forbids-and-warns" => json!({
            "uid": uid, "allowed": false, "warnings": ["mind the gap"],
            "status": {"message": "never", "reason": "Forbidden", "code": 403},
        }),
        "/warn" => json!({"uid": uid, "allowed": true, "warnings": ["mind the gap"]}),
        "/stranger" => json!({"uid": "another", "allowed": true}),
        "/label" | "/patches-all" => {
            patch(json!([{"op": "add", "path": "/metadata/labels/labelled", "value": "yes"}]))
        }
        // As scripts do that set a label, whether it is there or not.
        "/renew" => patch(json!([{"op": "replace", "path": "/metadata/labels/renewed", "value": "yes"}])),
        "/move" => patch(json!([{"op": "replace", "path": "/metadata/namespace", "value": "default"}])),
        "/bare" if asked["resource"]["resource"] == "postgresqls" => {
            patch(json!([{"op": "remove", "path": "/spec/databases"}]))
        }
        "/unfit" => patch(json!([{"op": "remove", "path": "/metadata/nothing"}])),
        "/times" => {
            let times = asked["object"]["metadata"]["labels"]["times"].as_str().unwrap_or("0");
            let times = times.parse::<u32>().expect("a number") + 1;
            patch(json!([{"op": "add", "path": "/metadata/labels/times", "value": times.to_string()}]))
        }
        _ => json!({"uid": uid, "allowed": true}),
    }
}
