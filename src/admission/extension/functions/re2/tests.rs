//! What patterns match, and which are refused. The answers are those of Go's `regexp`.

use super::compile;

#[test]
fn a_pattern_means_what_re2_makes_of_it() {
    for (pattern, text, matches) in [
        ("^\\d+$", "٣", false),
        ("^\\d+$", "3", true),
        ("^\\w+$", "ä", false),
        ("^\\W$", "ä", true),
        ("^\\s$", "\u{a0}", false),
        ("^\\s$", "\u{b}", false),
        ("^[[:space:]]$", "\u{b}", true),
        ("\\bä", "ä", false),
        ("a\\b", "aä", true),
        ("^\\B$", "", true),
        ("[a&&b]", "&", true),
        ("[a&&b]", "a", true),
        ("[a~~b]", "~", true),
        ("^[[a]b]$", "ab]", true),
        ("^[[a]b]$", "[b]", true),
        ("^[[a]b]$", "b", false),
        ("^[]a]$", "]", true),
        ("^[^]a]$", "]", false),
        ("^[a-]$", "-", true),
        ("^[[:alpha:]]$", "a", true),
        ("^[[:^alpha:]]$", "a", false),
        ("^[^\\d]$", "٣", true),
        ("^[\\d\\pL]+$", "3ä", true),
        ("^\\pN$", "٣", true),
        ("^\\p{Greek}$", "α", true),
        ("^\\p{^Greek}$", "α", false),
        ("^\\P{Lu}$", "a", true),
        ("\\Qa.b\\E+", "a.bb", true),
        ("\\Qa.b\\E", "axb", false),
        ("\\Qa.b", "a.b", true),
        ("(?i)K", "\u{212a}", true),
        ("(?i)^\\w$", "\u{17f}", true),
        ("(?i)straße", "STRASSE", false),
        ("a.c", "a\nc", false),
        ("(?s)a.c", "a\nc", true),
        ("^b$", "a\nb", false),
        ("(?m)^b$", "a\nb", true),
        ("b$", "b\n", false),
        ("a{,2}", "a{,2}", true),
        ("^a{,2}$", "aa", false),
        ("^a{2}$", "aa", true),
        ("x{2", "x{2", true),
        ("a{01}", "a{01}", true),
        ("\\<", "<", true),
        ("\\_\\-", "_-", true),
        ("^\\x41\\x{42}\\103\\07$", "ABC\u{7}", true),
        ("^*a", "a", true),
        ("^a(?i)*b", "AAB", false),
        ("a(?i)*b", "aaB", true),
        ("(?P<n>a)(?<m>b)", "ab", true),
        ("(?i:a)b", "AB", false),
        ("a||b", "", true),
        ("^(|a)$", "", true),
        ("^#\\ $", "# ", true),
        ("^\\p{Any}$", "ä", true),
    ] {
        let read = compile(pattern).unwrap_or_else(|reason| panic!("{pattern}: {reason}"));
        assert_eq!(read.is_match(text), matches, "{pattern} on {text:?}");
    }
}

#[test]
fn what_re2_does_not_know_is_refused() {
    for pattern in [
        "(a)\\1",
        "\\8",
        "(?=a)",
        "(?!a)",
        "(?<=a)",
        "(?<!a)",
        "(?>a)",
        "(?x)a",
        "(?u)a",
        "(?-)",
        "(?",
        "(?i",
        "a**",
        "a+*",
        "a{2}{3}",
        "a{2}*",
        "*a",
        "+",
        "(*a)",
        "a|*",
        "a{1001}",
        "a{2,1}",
        "(a{100}){11}",
        "[",
        "[a",
        "[b-a]",
        "[a-\\d]",
        "[[:nope:]]",
        "(",
        ")",
        "a)",
        "\\",
        "\\Z",
        "\\C",
        "\\G",
        "\\u0041",
        "\\y",
        "\\x",
        "\\x{110000}",
        "\\x4",
        "\\p",
        "\\p{Nope}",
        "\\p{Alphabetic}",
        "\\p{gc=L}",
        "\\p{Greek",
        "[a--b]",
        "(?P<>a)",
        "(?P<a-b>a)",
        "(?P=n)",
        "\\E",
        "(?i)*",
        "\\ä",
    ] {
        assert!(compile(pattern).is_err(), "{pattern}");
    }
}

#[test]
fn matches_are_found_as_go_finds_them() {
    let all = |pattern: &str, text: &str| {
        let read = compile(pattern).unwrap_or_else(|reason| panic!("{pattern}: {reason}"));
        read.find_iter(text).map(|found| found.as_str().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(all("a*", "baaac"), ["", "aaa", ""]);
    assert_eq!(all("(?U)a+", "aa"), ["a", "a"]);
    assert_eq!(all("a|ab", "abab"), ["a", "a"]);
    assert_eq!(all("", "ä"), ["", ""]);
}
