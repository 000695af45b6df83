//! What a key may look like.
//!
//! A key is `/`-separated text that begins with `/`; a prefix also ends with `/`, so that `/ns1/` never
//! covers `/ns10/a`. Segments that a path cleaner would fold away are refused, so no key can name another's.

use crate::Error;

/// Refuses what is not a key.
pub(super) fn check(key: &str) -> Result<(), Error> {
    let sound = key.strip_prefix('/').is_some_and(|rest| rest.split('/').all(sound_segment));
    if sound { Ok(()) } else { Err(Error::InvalidKey(key.to_owned())) }
}

/// Refuses what is not a prefix. `/` is the whole store.
pub(super) fn check_prefix(prefix: &str) -> Result<(), Error> {
    match prefix.strip_suffix('/') {
        Some("") => Ok(()),
        Some(key) => check(key).map_err(|_| Error::InvalidKey(prefix.to_owned())),
        None => Err(Error::InvalidKey(prefix.to_owned())),
    }
}

/// The first text behind every key below `prefix`, which ends with `/`: `0` follows `/` in ASCII.
pub(super) fn end(prefix: &str) -> String {
    let mut end = prefix.to_owned();
    end.pop();
    end.push('0');
    end
}

/// Where a listing of `prefix` from `start` on begins.
pub(super) fn start<'a>(prefix: &'a str, start: Option<&'a str>) -> &'a str {
    start.map_or(prefix, |start| start.max(prefix))
}

fn sound_segment(segment: &str) -> bool {
    !matches!(segment, "" | "." | "..") && !segment.contains('\0')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys() {
        for good in ["/a", "/a/b", "/group/kind/ns/name.with.dots", "/a/...", "/a/é"] {
            assert!(check(good).is_ok(), "{good}");
        }
        for bad in ["", "/", "a", "a/b", "/a/", "//a", "/a//b", "/a/../b", "/.", "/a/\0"] {
            assert!(check(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn prefixes() {
        for good in ["/", "/a/", "/a/b/"] {
            assert!(check_prefix(good).is_ok(), "{good}");
        }
        for bad in ["", "a/", "/a", "//", "/a/../"] {
            assert!(check_prefix(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_end_lies_behind_every_key_below() {
        assert_eq!(end("/ns1/"), "/ns10");
        assert!("/ns1/~" < end("/ns1/").as_str() && end("/ns1/").as_str() <= "/ns10/a");
    }
}
