//! A rule of a policy: what is wrong with it, and which requests it matches.

use apimachinery::validation::is_dns1123_subdomain;
use serde::Deserialize;

use super::super::request_info::RequestInfo;
use super::super::user::UserInfo;
use super::policy::{Level, Stage};

/// A rule as it is written. What is not there, and a list of nothing, matches everything.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Written {
    pub(super) level: Level,
    users: Option<Vec<String>>,
    user_groups: Option<Vec<String>>,
    verbs: Option<Vec<String>>,
    resources: Option<Vec<GroupResources>>,
    namespaces: Option<Vec<String>>,
    #[serde(rename = "nonResourceURLs")]
    non_resource_urls: Option<Vec<String>>,
    pub(super) omit_stages: Option<Vec<Stage>>,
    pub(super) omit_managed_fields: Option<bool>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct GroupResources {
    group: Option<String>,
    resources: Option<Vec<String>>,
    resource_names: Option<Vec<String>>,
}

impl Written {
    pub(super) fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        for (at, url) in self.non_resource_urls.iter().flatten().enumerate() {
            let path = url.strip_suffix('*').unwrap_or(url);
            if url != "*" && (!path.starts_with('/') || path.contains('*')) {
                faults.push(format!(
                    "nonResourceURLs[{at}]: {url:?} must be *, or a path that begins with / and may end in *"
                ));
            }
        }
        for (at, group) in self.resources.iter().flatten().enumerate() {
            faults.extend(group.faults().into_iter().map(|fault| format!("resources[{at}].{fault}")));
        }
        let of_resources = has_any(&self.resources) || has_any(&self.namespaces);
        if has_any(&self.non_resource_urls) && of_resources {
            faults.push(
                "nonResourceURLs: a rule is about resources and namespaces or about other paths; make two rules".to_owned(),
            );
        }
        faults
    }

    pub(super) fn matches(&self, user: Option<&UserInfo>, info: &RequestInfo) -> bool {
        let is_named = |users: &[String]| user.is_some_and(|user| users.contains(&user.name));
        let is_member = |groups: &[String]| {
            user.is_some_and(|user| user.groups.iter().any(|group| groups.contains(group)))
        };
        all_or(&self.users, is_named)
            && all_or(&self.user_groups, is_member)
            && all_or(&self.verbs, |verbs| verbs.iter().any(|verb| verb == info.verb().as_str()))
            && self.covers(info)
    }

    fn covers(&self, info: &RequestInfo) -> bool {
        if has_any(&self.namespaces) || has_any(&self.resources) {
            let namespace = |namespaces: &[String]| namespaces.iter().any(|one| one == info.namespace());
            let resource = |groups: &[GroupResources]| groups.iter().any(|group| group.covers(info));
            return info.is_resource_request()
                && all_or(&self.namespaces, namespace)
                && all_or(&self.resources, resource);
        }
        let path = |urls: &[String]| {
            !info.is_resource_request() && urls.iter().any(|url| is_below(url, info.path()))
        };
        all_or(&self.non_resource_urls, path)
    }
}

impl GroupResources {
    fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        let group = self.group.as_deref().unwrap_or_default();
        if !matches!(group, "" | "*") && !is_dns1123_subdomain(group).is_empty() {
            faults.push(format!(
                "group: {group:?} must be the name of a group without its version, *, or empty"
            ));
        }
        if has_any(&self.resource_names) && !has_any(&self.resources) {
            faults.push("resourceNames: names need resources that they are of".to_owned());
        }
        faults
    }

    fn covers(&self, info: &RequestInfo) -> bool {
        let group = self.group.as_deref().unwrap_or_default();
        let name = |names: &[String]| names.iter().any(|name| name == info.name());
        let resource = |resources: &[String]| resources.iter().any(|pattern| fits(pattern, info));
        (group == "*" || group == info.group())
            && (!has_any(&self.resources) || all_or(&self.resource_names, name))
            && all_or(&self.resources, resource)
    }
}

/// `*`, `RESOURCE`, `RESOURCE/SUBRESOURCE`, `RESOURCE/*` with the resource itself, or `*/SUBRESOURCE`.
fn fits(pattern: &str, info: &RequestInfo) -> bool {
    let (resource, subresource) = (info.resource(), info.subresource());
    match pattern.split_once('/') {
        None => pattern == "*" || (pattern == resource && subresource.is_empty()),
        Some((own, "*")) => own == resource,
        Some(("*", part)) => !subresource.is_empty() && part == subresource,
        Some((own, part)) => own == resource && !subresource.is_empty() && part == subresource,
    }
}

fn is_below(pattern: &str, path: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(beginning) => path.starts_with(beginning),
        None => pattern == path,
    }
}

fn has_any<T>(list: &Option<Vec<T>>) -> bool {
    list.as_ref().is_some_and(|list| !list.is_empty())
}

fn all_or<T>(list: &Option<Vec<T>>, holds: impl FnOnce(&[T]) -> bool) -> bool {
    list.as_deref().filter(|list| !list.is_empty()).is_none_or(holds)
}
