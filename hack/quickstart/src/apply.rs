//! Create what is missing; merge into what is there, or leave it alone.

use hyper::{Method, StatusCode};
use serde_json::Value;

use crate::client::{Answer, Client};
use crate::{Error, Result};

/// What applying did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was not there.
    Created,
    /// It was there and changed.
    Configured,
    /// It was there and already said so.
    Unchanged,
    /// It was there, and was left alone.
    Kept,
}

impl std::fmt::Display for Outcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Created => "created",
            Self::Configured => "configured",
            Self::Unchanged => "unchanged",
            Self::Kept => "kept as it is",
        })
    }
}

/// `kind/name`, as kubectl prints it.
pub fn name(object: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    format!("{}/{}", text(&object["kind"]).to_lowercase(), text(&object["metadata"]["name"]))
}

/// The path of the collection `object` belongs to, from discovery.
pub async fn collection(client: &Client, object: &Value) -> Result<String> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let (api_version, kind) = (text(&object["apiVersion"]), text(&object["kind"]));
    let root = if api_version.contains('/') { "apis" } else { "api" };
    let base = format!("/{root}/{api_version}");
    let resources = client.read(&base).await?;
    let resource = resources["resources"]
        .as_array()
        .into_iter()
        .flatten()
        .find(|resource| resource["kind"] == kind && !text(&resource["name"]).contains('/'))
        .ok_or(Error::UnknownKind { api_version, kind })?;
    let plural = text(&resource["name"]);
    Ok(match (resource["namespaced"].as_bool(), object["metadata"]["namespace"].as_str()) {
        (Some(true), namespace) => format!("{base}/namespaces/{}/{plural}", namespace.unwrap_or("default")),
        _ => format!("{base}/{plural}"),
    })
}

/// Whether an object of that name is there.
pub async fn is_there(client: &Client, manifest: &Value) -> Result<bool> {
    let path = path(&collection(client, manifest).await?, manifest);
    Ok(client.get(&path).await?.status != StatusCode::NOT_FOUND)
}

fn path(collection: &str, manifest: &Value) -> String {
    format!("{collection}/{}", manifest["metadata"]["name"].as_str().unwrap_or_default())
}

/// Creates an object where it is missing, and leaves one that is there as somebody may have changed it.
pub async fn ensure(client: &Client, manifest: &Value) -> Result<(Outcome, String)> {
    let (before, path) = create(client, manifest).await?;
    Ok((if before.is_some() { Outcome::Kept } else { Outcome::Created }, path))
}

/// Creates an object where it is missing; what was there before, and its path.
async fn create(client: &Client, manifest: &Value) -> Result<(Option<Answer>, String)> {
    let collection = collection(client, manifest).await?;
    let path = path(&collection, manifest);
    let before = client.get(&path).await?;
    if before.status == StatusCode::NOT_FOUND {
        client.expect(Method::POST, &collection, "application/json", manifest).await?;
        return Ok((None, path));
    }
    if !before.status.is_success() {
        let (request, status) = (format!("GET {path}"), before.status);
        return Err(Error::Refused { request, status, message: before.message() });
    }
    Ok((Some(before), path))
}

/// Applies `manifest`; gives the outcome and the object's path.
pub async fn apply(client: &Client, manifest: &Value) -> Result<(Outcome, String)> {
    let (before, path) = create(client, manifest).await?;
    let Some(before) = before else { return Ok((Outcome::Created, path)) };
    let after = client.expect(Method::PATCH, &path, "application/merge-patch+json", manifest).await?;
    let version = |object: &Value| object["metadata"]["resourceVersion"].clone();
    let same = version(&before.json()) == version(&after);
    Ok((if same { Outcome::Unchanged } else { Outcome::Configured }, path))
}
