//! Keys in etcd and here.
//!
//! Those in etcd have a prefix more, and are bytes. Somebody else may have put there what is no text: a byte that is not
//! UTF-8 is here a `%` with its two digits, and so is a `%` that two digits follow. Each key of etcd has thus one text of
//! its own; a text that would be another's is no key.

use std::borrow::Cow;
use std::fmt::Write;

use etcd_client::proto::PbKeyValue;

use super::client::revision;
use crate::engine::key;
use crate::{Error, KeyValue};

/// What every key begins with in etcd.
#[derive(Clone)]
pub(super) struct Prefix(String);

impl Prefix {
    /// As [`super::Config::root`] says.
    pub(super) fn new(root: &str) -> Self {
        Self(root.to_owned())
    }

    /// The key in etcd of one key here.
    pub(super) fn checked(&self, text: &str) -> Result<Vec<u8>, Error> {
        key::check(text)?;
        let key = bytes(text);
        match escaped(&key) == text {
            true => Ok(self.with(&key)),
            false => Err(Error::InvalidKey(text.to_owned())),
        }
    }

    /// Where a range of keys begins or ends in etcd.
    pub(super) fn bound(&self, text: &str) -> Vec<u8> {
        self.with(&bytes(text))
    }

    fn with(&self, key: &[u8]) -> Vec<u8> {
        [self.0.as_bytes(), key].concat()
    }

    /// The key here of a key in etcd.
    fn strip(&self, key: &[u8]) -> Result<String, Error> {
        let rest = key.strip_prefix(self.0.as_bytes()).ok_or_else(|| {
            Error::Corrupt(format!("etcd answered with the key {:?}", String::from_utf8_lossy(key)))
        })?;
        Ok(escaped(rest).into_owned())
    }

    pub(super) fn key_value(&self, kv: PbKeyValue) -> Result<KeyValue, Error> {
        let key = self.strip(&kv.key)?;
        Ok(KeyValue { key, value: kv.value.into(), revision: revision(kv.mod_revision) })
    }
}

/// The byte that a text begins with an escape of.
fn escape(text: &[u8]) -> Option<u8> {
    let [b'%', high, low, ..] = text else { return None };
    let digit = |byte: &u8| char::from(*byte).to_digit(16);
    u8::try_from(digit(high)? * 16 + digit(low)?).ok()
}

/// A key of etcd as text.
fn escaped(key: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(key) {
        Ok(text) if !key.contains(&b'%') => return Cow::Borrowed(text),
        _ => {}
    }
    let mut out = String::with_capacity(key.len() + 2);
    for chunk in key.utf8_chunks() {
        let valid = chunk.valid();
        for (at, character) in valid.char_indices() {
            match escape(&valid.as_bytes()[at..]) {
                Some(_) => out.push_str("%25"),
                None => out.push(character),
            }
        }
        for byte in chunk.invalid() {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    Cow::Owned(out)
}

/// The key in etcd that a text stands for.
fn bytes(text: &str) -> Cow<'_, [u8]> {
    let text = text.as_bytes();
    if !text.contains(&b'%') {
        return Cow::Borrowed(text);
    }
    let (mut out, mut rest) = (Vec::with_capacity(text.len()), text);
    while let Some((first, tail)) = rest.split_first() {
        let byte = escape(rest);
        out.push(byte.unwrap_or(*first));
        rest = if byte.is_some() { &rest[3..] } else { tail };
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_go_in_and_out() {
        let prefix = Prefix("/registry/x".to_owned());
        assert_eq!(prefix.checked("/a/b").unwrap(), b"/registry/x/a/b");
        assert_eq!(prefix.strip(b"/registry/x/a/b").unwrap(), "/a/b");
        assert!(matches!(prefix.strip(b"/registry/y/a"), Err(Error::Corrupt(_))));
    }

    #[test]
    fn a_key_that_is_no_text_has_a_name_by_which_it_is_found() {
        let prefix = Prefix("/x".to_owned());
        for (key, text) in [
            (&b"/x/a/\xff"[..], "/a/%FF"),
            (b"/x/a/\xe2\x82", "/a/%E2%82"),
            (b"/x/a/%FF", "/a/%25FF"),
            (b"/x/a/%ff\xff%", "/a/%25ff%FF%"),
            (b"/x/a/%\xffA%4\xff", "/a/%%FFA%4%FF"),
            (b"/x/a/%2541", "/a/%252541"),
            (b"/x/a/%zz", "/a/%zz"),
        ] {
            assert_eq!(prefix.strip(key).unwrap(), text);
            assert_eq!(prefix.checked(text).unwrap(), key, "{text}");
        }
    }

    #[test]
    fn no_key_has_two_names() {
        let prefix = Prefix(String::new());
        for alias in ["/a/%41", "/a/%2f", "/a/%ff", "/a%2Fb", "/a/%00", "/a/%C3%A9"] {
            assert!(matches!(prefix.checked(alias), Err(Error::InvalidKey(_))), "{alias}");
        }
    }
}
