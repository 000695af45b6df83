use apimachinery::quantity::Quantity;
use apimachinery::selector::{FieldSelector, LabelSelector};
use apimachinery::time::{Duration, MicroTime, Time};
use std::fmt::{Debug, Display};
use std::str::FromStr;

/// A selector is written and read again with the same requirements; their order is that of the text.
fn selects_the_same(text: &str) {
    let requirements = |selector: &FieldSelector| {
        let mut all: Vec<_> = selector.requirements().iter().map(|one| format!("{one:?}")).collect();
        all.sort();
        all
    };
    let Ok(selector) = text.parse::<FieldSelector>() else { return };
    let written = selector.to_string();
    let again = written.parse::<FieldSelector>().map(|again| requirements(&again));
    assert_eq!(again.as_ref().ok(), Some(&requirements(&selector)), "{text:?} is written {written:?}");
}

/// What is read is written and read again as the same.
fn is_kept<T: FromStr<Err: Debug> + Display + PartialEq + Debug>(text: &str) {
    let Ok(value) = text.parse::<T>() else { return };
    let written = value.to_string();
    let again = written.parse::<T>();
    assert_eq!(again.as_ref().ok(), Some(&value), "{text:?} is written {written:?}: {again:?}");
}

pub(crate) fn read(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    is_kept::<Quantity>(text);
    is_kept::<Time>(text);
    is_kept::<MicroTime>(text);
    is_kept::<Duration>(text);
    is_kept::<LabelSelector>(text);
    selects_the_same(text);
}

pub(crate) fn seeds() -> Vec<Vec<u8>> {
    crate::texts(&[
        "1Gi",
        "-1.5e3",
        "100m",
        "0.000000001",
        "9223372036854775807Ei",
        "12E",
        "1h30m0.5s",
        "-2.5us",
        "2026-01-31T12:00:00Z",
        "2026-01-31T12:00:00.123456+02:00",
        "9999-12-31T23:59:59-23:59",
        "a=b,!c,d in (e, f),g notin (h),i>1,j<2,k!=l,m==n,o",
        "=/o,==( ",
        "metadata.name=a\\,b\\=c\\\\,spec.class!=x",
    ])
}
