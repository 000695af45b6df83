//! The front proxy: it has authenticated the user, and says who it is in headers.
//!
//! It is believed only with a client certificate of its own authority, by one of the names that are allowed.

use crate::cluster::Authentication;
use crate::pipeline::{Authenticator, Peer, Rejected, UserInfo};
use crate::serve::CaBundle;
use arc_swap::ArcSwapOption;
use http::{HeaderMap, HeaderName, HeaderValue};
use percent_encoding::percent_decode_str;
use std::sync::Arc;

/// The front proxies that are believed; none at first.
#[derive(Default)]
pub struct FrontProxies(ArcSwapOption<FrontProxy>);

/// Which front proxies are believed, and where they say who the user is.
#[derive(Debug)]
pub struct FrontProxy {
    bundle: CaBundle,
    allowed_names: Vec<String>,
    username: Vec<HeaderName>,
    groups: Vec<HeaderName>,
    extra_prefixes: Vec<String>,
    uid: Vec<HeaderName>,
}

impl FrontProxies {
    /// Believes other front proxies, or none, from the next request on.
    pub fn reload(&self, front_proxy: Option<FrontProxy>) {
        self.0.store(front_proxy.map(Arc::new));
    }
}

impl FrontProxy {
    /// As the cluster says; `None` when it has no front proxy.
    pub fn of(authentication: &Authentication) -> Result<Option<FrontProxy>, crate::serve::Error> {
        if authentication.front_proxy_ca.is_empty() {
            return Ok(None);
        }
        let headers = |names: &[String]| names.iter().filter_map(|name| name.parse().ok()).collect();
        Ok(Some(FrontProxy {
            bundle: CaBundle::from_pem(authentication.front_proxy_ca.as_bytes())?,
            allowed_names: authentication.allowed_names.clone(),
            username: headers(&authentication.username_headers),
            groups: headers(&authentication.group_headers),
            extra_prefixes: authentication
                .extra_header_prefixes
                .iter()
                .map(|prefix| prefix.to_lowercase())
                .collect(),
            uid: headers(&authentication.uid_headers),
        }))
    }

    /// Who vouches for it.
    pub fn authorities(&self) -> &CaBundle {
        &self.bundle
    }

    /// The user the headers name. A part of an identity that cannot be read is not left out: nobody is believed.
    fn user(&self, headers: &HeaderMap) -> Result<Option<UserInfo>, Rejected> {
        let first = |names: &[HeaderName]| {
            let found = names.iter().flat_map(|name| headers.get_all(name)).find(|value| !value.is_empty());
            found.map(text).transpose()
        };
        let Some(name) = first(&self.username)? else { return Ok(None) };
        let groups = self.groups.iter().flat_map(|name| headers.get_all(name));
        let groups = groups.filter(|value| !value.is_empty()).map(text).collect::<Result<Vec<_>, _>>()?;
        let mut user = UserInfo::new(name, groups);
        user.uid = first(&self.uid)?.unwrap_or_default();
        user.extra = self.extra(headers)?;
        Ok(Some(user))
    }

    fn extra(&self, headers: &HeaderMap) -> Result<Vec<(String, Vec<String>)>, Rejected> {
        let mut extra: Vec<(String, Vec<String>)> = Vec::new();
        for name in headers.keys() {
            let Some(key) = self.extra_key(name).filter(|key| !key.is_empty()) else { continue };
            let key = percent_decode_str(key).decode_utf8();
            let key = key.map_err(|_| Rejected("a key of the user's extras is not UTF-8".to_owned()))?;
            let values = headers.get_all(name).iter().map(text).collect::<Result<Vec<_>, _>>()?;
            // One key may be written in several ways.
            match extra.iter_mut().find(|(known, _)| *known == key) {
                Some((_, known)) => known.extend(values),
                None => extra.push((key.into_owned(), values)),
            }
        }
        Ok(extra)
    }

    fn extra_key<'a>(&self, name: &'a HeaderName) -> Option<&'a str> {
        self.extra_prefixes.iter().find_map(|prefix| name.as_str().strip_prefix(prefix.as_str()))
    }

    /// Removes every header that could name a user, whoever sent it.
    fn strip(&self, headers: &mut HeaderMap) {
        for name in self.username.iter().chain(&self.groups).chain(&self.uid) {
            headers.remove(name);
        }
        while let Some(name) = headers.keys().find(|name| self.extra_key(name).is_some()).cloned() {
            headers.remove(name);
        }
    }
}

fn text(value: &HeaderValue) -> Result<String, Rejected> {
    let text = std::str::from_utf8(value.as_bytes());
    text.map(str::to_owned).map_err(|_| Rejected("a header that names a user is not UTF-8".to_owned()))
}

impl Authenticator for FrontProxies {
    async fn authenticate(
        &self,
        peer: &Peer,
        headers: &HeaderMap,
    ) -> Result<Option<Arc<UserInfo>>, Rejected> {
        let front_proxy = self.0.load();
        let Some(front_proxy) = front_proxy.as_ref().filter(|_| !peer.certificates().is_empty()) else {
            return Ok(None);
        };
        let proxy = peer.verified_by(&front_proxy.bundle)?;
        let allowed = &front_proxy.allowed_names;
        if !allowed.is_empty() && !allowed.contains(&proxy.name) {
            return Err(Rejected(format!("{:?} is not the name of a front proxy", proxy.name)));
        }
        Ok(front_proxy.user(headers)?.map(Arc::new))
    }

    fn strip(&self, headers: &mut HeaderMap) {
        if let Some(front_proxy) = &*self.0.load() {
            front_proxy.strip(headers);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::serve::testing::Ca;

    #[test]
    fn the_headers_name_the_user() {
        let list = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<String>>();
        let authentication = Authentication {
            front_proxy_ca: Ca::new("front").pem,
            username_headers: list(&["X-Remote-User", "X-Other-User"]),
            group_headers: list(&["X-Remote-Group"]),
            extra_header_prefixes: list(&["X-Remote-Extra-"]),
            uid_headers: list(&["X-Remote-Uid"]),
            ..Authentication::default()
        };
        let front_proxy = FrontProxy::of(&authentication).unwrap().unwrap();
        let mut headers = HeaderMap::new();
        assert_eq!(front_proxy.user(&headers).unwrap(), None);
        for (name, value) in [
            ("accept", "application/json"),
            ("x-remote-user", ""),
            ("x-other-user", "ada"),
            ("x-remote-group", "one"),
            ("x-remote-group", "zwölf"),
            ("x-remote-uid", "42"),
            ("x-remote-extra-example.com%2fScopes", "a"),
            ("x-remote-extra-example.com%2F%73copes", "b"),
            ("X-Remote-Extra-Example.com%2FScopes", "c"),
            ("x-remote-extra-", "nothing"),
        ] {
            let value = HeaderValue::from_bytes(value.as_bytes()).unwrap();
            headers.append(name.parse::<HeaderName>().unwrap(), value);
        }
        let mut expected = UserInfo::new("ada", ["one", "zwölf"]);
        expected.uid = "42".into();
        expected.extra = vec![("example.com/scopes".into(), ["a", "c", "b"].map(String::from).into())];
        assert_eq!(front_proxy.user(&headers).unwrap(), Some(expected));
        let mut broken = headers.clone();
        broken.append("x-remote-group", HeaderValue::from_bytes(b"\xff").unwrap());
        front_proxy.user(&broken).unwrap_err();
        front_proxy.strip(&mut headers);
        assert_eq!(headers.keys().collect::<Vec<_>>(), ["accept"]);
        assert!(FrontProxy::of(&Authentication::default()).unwrap().is_none());
    }
}
