//! Flags about whom requests are believed to come from, and for how long the cluster's word on them holds. Names and
//! defaults are those of the aggregated API servers that Kubernetes' own library makes.

use super::super::Error;
use super::super::users::Given;
use crate::cluster::Authentication;
use crate::pipeline::delegated::Lifetimes;
use apimachinery::time;
use clap::Args;
use http::HeaderName;
use std::path::PathBuf;
use std::time::Duration;

/// Who vouches for users.
#[derive(Args, Debug, Default)]
pub(in crate::server) struct Delegation {
    /// The authorities of users' certificates, a PEM file that is read again when it changes; without it, those that the
    /// cluster publishes in ConfigMap kube-system/extension-apiserver-authentication.
    #[arg(long)]
    pub client_ca_file: Option<PathBuf>,

    /// The authorities of the front proxy's certificate, a PEM file that is read again when it changes. With it, the
    /// other --requestheader flags say what is believed about the front proxy; without it, that ConfigMap does.
    #[arg(long)]
    pub requestheader_client_ca_file: Option<PathBuf>,

    /// Common names that the front proxy's certificate may have; none given: any.
    #[arg(long, value_delimiter = ',', requires = "requestheader_client_ca_file")]
    pub requestheader_allowed_names: Vec<String>,

    /// Headers that may carry the user's name, the first that does counts.
    #[arg(long, value_delimiter = ',', value_parser = header, default_value = "x-remote-user")]
    pub requestheader_username_headers: Vec<String>,

    /// Headers that may carry the user's uid.
    #[arg(long, value_delimiter = ',', value_parser = header, requires = "requestheader_client_ca_file")]
    pub requestheader_uid_headers: Vec<String>,

    /// Headers that carry the user's groups.
    #[arg(long, value_delimiter = ',', value_parser = header, default_value = "x-remote-group")]
    pub requestheader_group_headers: Vec<String>,

    /// What headers with further facts about the user begin with.
    #[arg(long, value_delimiter = ',', value_parser = header, default_value = "x-remote-extra-")]
    pub requestheader_extra_headers_prefix: Vec<String>,

    /// Do not read the ConfigMap: only what the flags name vouches for users, and bearer tokens.
    #[arg(long)]
    pub authentication_skip_lookup: bool,

    /// Serve when the ConfigMap may not be read; until it may, as if it were empty.
    #[arg(long)]
    pub authentication_tolerate_lookup_failure: bool,

    /// How long the cluster's word on a bearer token holds, as in 10s.
    #[arg(long, default_value = "10s", value_parser = lifetime)]
    pub authentication_token_webhook_cache_ttl: Duration,

    /// How long the cluster's leave holds, as in 10s.
    #[arg(long, default_value = "10s", value_parser = lifetime)]
    pub authorization_webhook_cache_authorized_ttl: Duration,

    /// How long the cluster's refusal holds, as in 10s.
    #[arg(long, default_value = "10s", value_parser = lifetime)]
    pub authorization_webhook_cache_unauthorized_ttl: Duration,

    /// Paths that everybody may get without the cluster being asked; one that ends with /* stands for all below it.
    #[arg(
        long,
        value_delimiter = ',',
        default_values_t = ["/healthz", "/readyz", "/livez"].map(String::from)
    )]
    pub authorization_always_allow_paths: Vec<String>,
}

impl Delegation {
    /// What the flags say about whom to believe.
    pub(in crate::server) fn given(&self) -> Given {
        let front_proxy = self.requestheader_client_ca_file.clone().map(|file| (file, self.front_proxy()));
        Given {
            client_ca: self.client_ca_file.clone(),
            front_proxy,
            skip_lookup: self.authentication_skip_lookup,
            tolerate_failure: self.authentication_tolerate_lookup_failure,
        }
    }

    fn front_proxy(&self) -> Authentication {
        Authentication {
            allowed_names: self.requestheader_allowed_names.clone(),
            username_headers: self.requestheader_username_headers.clone(),
            group_headers: self.requestheader_group_headers.clone(),
            extra_header_prefixes: self.requestheader_extra_headers_prefix.clone(),
            uid_headers: self.requestheader_uid_headers.clone(),
            ..Authentication::default()
        }
    }

    /// How long leave and refusals hold.
    pub(in crate::server) fn access_lifetimes(&self) -> Lifetimes {
        Lifetimes {
            allowed: self.authorization_webhook_cache_authorized_ttl,
            denied: self.authorization_webhook_cache_unauthorized_ttl,
        }
    }

    /// The paths that everybody may get.
    pub(in crate::server) fn open_paths(&self) -> Result<Vec<String>, Error> {
        let wrong = self.authorization_always_allow_paths.iter().find(|path| !is_path(path));
        match wrong {
            None => Ok(self.authorization_always_allow_paths.clone()),
            Some(path) => Err(Error::Flags(format!(
                "--authorization-always-allow-paths: {path:?} is no path; it must begin with / and may have * only as /* at its end"
            ))),
        }
    }
}

fn is_path(path: &str) -> bool {
    path.starts_with('/') && !path.strip_suffix("/*").unwrap_or(path).contains('*')
}

fn header(text: &str) -> Result<String, String> {
    let name: HeaderName = text.trim().parse().map_err(|_| "it is no name of a header".to_owned())?;
    Ok(name.as_str().to_owned())
}

fn lifetime(text: &str) -> Result<Duration, String> {
    let lifetime: time::Duration =
        text.parse().map_err(|error| format!("{error}; write it as 10s or 1m30s"))?;
    if lifetime.0 < 0 { Err("it must not be negative".to_owned()) } else { Ok(lifetime.or_zero()) }
}
