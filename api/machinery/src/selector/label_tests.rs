use super::*;
use crate::meta;
use proptest::prelude::*;
use std::collections::BTreeMap;

fn labels(text: &str) -> BTreeMap<String, String> {
    let pairs = text.split(',').filter(|pair| !pair.is_empty());
    pairs
        .filter_map(|pair| pair.split_once('='))
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .collect()
}

#[test]
fn matching() {
    for (selector, set, expected) in [
        ("", "", true),
        ("a=b", "a=b", true),
        ("a==b", "a=c", false),
        ("a=b", "", false),
        ("a=", "a=", true),
        ("a=,b=c", "a=,b=c", true),
        ("a!=b", "", true),
        ("a!=b", "a=b", false),
        ("a in (b, c)", "a=c", true),
        ("a in (b, c)", "a=d", false),
        ("a in (,b)", "a=", true),
        ("a in ()", "a=", true),
        ("a notin (b,c)", "", true),
        ("a notin (b)", "a=b", false),
        ("a", "a=", true),
        ("a", "b=a", false),
        ("!a", "", true),
        ("! a", "a=b", false),
        ("a>1", "a=2", true),
        ("a>1", "a=1", false),
        ("a<1", "a=-5", true),
        ("a<1", "a=x", false),
        ("a<1", "", false),
        ("in=notin,notin in (in)", "in=notin,notin=in", true),
        ("example.com/a = b , c", "example.com/a=b,c=d", true),
        ("a\0=\0b\0\0,c", "a=b", true),
    ] {
        let parsed: LabelSelector = selector.parse().unwrap_or_else(|error| panic!("{selector}: {error}"));
        let labels = labels(set);
        assert_eq!(
            parsed.matches(|key| labels.get(key).map(String::as_str)),
            expected,
            "{selector} on {set}"
        );
    }
}

#[test]
fn faults() {
    for (selector, message) in [
        ("a,", "found '', expected: identifier after ','"),
        (",a", "found ',', expected: !, identifier, or 'end of string'"),
        ("=a", "found '=', expected: !, identifier, or 'end of string'"),
        ("a b", "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt"),
        ("a=b c", "found 'c', expected: ',' or 'end of string'"),
        ("a in b", "unable to parse requirement: found 'b' expected: '('"),
        ("a in (b", "unable to parse requirement: found '', expected: ',' or ')'"),
        ("a in (", "unable to parse requirement: found '', expected: ',', ')' or identifier"),
        ("a in (b,", "unable to parse requirement: found '', expected: ',', or identifier"),
        ("a in (b=c)", "unable to parse requirement: found '=', expected: ',' or ')'"),
        ("a==!b", "unable to parse requirement: found '!', expected: identifier"),
        ("!", "unable to parse requirement: found '', expected: identifier"),
        ("!a=b", "found '=', expected: ',' or 'end of string'"),
        (
            "a>x",
            "unable to parse requirement: values[0]: Invalid value: \"x\": for 'Gt', 'Lt' operators, the value must be an integer",
        ),
        (
            "a/b/c",
            "unable to parse requirement: <nil>: Invalid value: \"a/b/c\": a valid label key must consist",
        ),
        ("a>-1", "unable to parse requirement: values[0][a]: Invalid value: \"-1\": a valid label must be"),
        (
            "a>-",
            "unable to parse requirement: [values[0]: Invalid value: \"-\": for 'Gt', 'Lt' operators, the",
        ),
        ("a=-", "unable to parse requirement: values[0][a]: Invalid value: \"-\": a valid label must be"),
    ] {
        let error = selector.parse::<LabelSelector>().unwrap_err().to_string();
        assert!(error.starts_with(message), "{selector}: {error}");
    }
}

#[test]
fn selectors_of_objects() {
    let requirement = |operator: &str, values: &[&str]| meta::LabelSelectorRequirement {
        key: "b".into(),
        operator: operator.into(),
        values: values.iter().map(|value| (*value).to_owned()).collect(),
    };
    let selector =
        |expression| meta::LabelSelector { match_labels: labels("a=x"), match_expressions: vec![expression] };
    for (expression, text) in [
        (requirement("In", &["z", "y"]), "a=x,b in (y,z)"),
        (requirement("NotIn", &["y"]), "a=x,b!=y"),
        (requirement("Exists", &[]), "a=x,b"),
        (requirement("DoesNotExist", &[]), "a=x,!b"),
    ] {
        assert_eq!(LabelSelector::try_from(&selector(expression)).unwrap().to_string(), text);
    }
    for (expression, message) in [
        (requirement("Is", &[]), "\"Is\" is not a valid label selector operator"),
        (requirement("In", &[]), "values: Invalid value: null: for 'in', 'notin' operators"),
        (requirement("Exists", &["x"]), "values: Invalid value: [\"x\"]: values set must be empty"),
    ] {
        let error = LabelSelector::try_from(&selector(expression)).unwrap_err().to_string();
        assert!(error.starts_with(message), "{error}");
    }
    assert!(LabelSelector::try_from(&meta::LabelSelector::default()).unwrap().is_empty());
}

proptest! {
    #[test]
    fn any_text_is_parsed_or_refused_and_the_canonical_text_stays(text in "[ab!=<>(), ]{0,12}|(a|b)( in | notin )\\([ab,]{0,5}\\)") {
        if let Ok(selector) = text.parse::<LabelSelector>() {
            let canonical = selector.to_string();
            let again: LabelSelector = canonical.parse().unwrap();
            prop_assert_eq!(&selector, &again);
            prop_assert_eq!(canonical, again.to_string());
        }
    }
}
