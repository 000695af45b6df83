//! What expressions come to. The answers are those of the cluster's own API server.

use super::*;
use serde_json::json;
use std::path::{Path, PathBuf};

fn variables() -> Variables {
    let mut variables = Variables::default();
    let object = json!({
        "metadata": {
            "name": "x", "labels": {"app": "x", "n": "5", "a/b": "c"}, "creationTimestamp": "2026-01-02T03:04:05Z",
        },
        "spec": {
            "instances": 2, "ratio": 0.5, "storage": {"size": "1536Mi"}, "parameters": {"work_mem": "8MB"}, "empty": {},
            "databases": [{"name": "app", "owner": "app"}, {"name": "ä😀", "owner": "o"}],
            "numbers": (0..2000).collect::<Vec<i64>>(), "text": "a".repeat(10_000),
        },
    });
    variables.set(Name::Object, object.into());
    variables
}

fn outcome(text: &str) -> Result<Value, String> {
    Expression::new(text).evaluate(&variables())
}

/// A value as Go prints it.
fn printed(value: &Value) -> String {
    let list = |items: Vec<String>| items.join(" ");
    match value {
        Value::Null | Value::Optional(None) => "<nil>".into(),
        Value::Optional(Some(inner)) => printed(inner),
        Value::Double(double) => super::go::shortest(*double),
        Value::List(items) => format!("[{}]", list(items.iter().map(printed).collect())),
        Value::Bytes(bytes) => format!("[{}]", list(bytes.iter().map(u8::to_string).collect())),
        Value::Map(map) => {
            let entry =
                |(key, value): (&Key, &Value)| format!("{}:{}", Value::from(key).shown(), printed(value));
            format!("map[{}]", list(map.iter().map(entry).collect()))
        }
        Value::Type(kind) => kind.name().into(),
        other => other.shown(),
    }
}

fn cases() -> Option<String> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).parent()?.join("shared/cases");
    let folder = std::env::var_os("DATABASES_CASES").map_or(beside, PathBuf::from);
    match std::fs::read_to_string(folder.join("cel.txt")) {
        Ok(text) => Some(text),
        Err(error) => {
            eprintln!("SKIPPED: {}: {error}", folder.join("cel.txt").display());
            None
        }
    }
}

#[test]
fn an_expression_comes_to_what_the_cluster_makes_of_it() {
    let Some(text) = cases() else { return };
    let (mut expression, mut wrong, mut count) = (String::new(), Vec::new(), 0);
    for line in text.lines() {
        let Some((end, expected)) = line.split_once("  =>  ") else {
            expression.push_str(line);
            expression.push('\n');
            continue;
        };
        expression.push_str(end);
        count += 1;
        let came = outcome(&expression);
        let is_error =
            ["ERR ", "COMPILE ERR ", "PROGRAM ERR "].iter().any(|start| expected.starts_with(start));
        let is_right = match &came {
            Ok(value) => !is_error && expected == format!("{} ({})", printed(value), value.type_of().name()),
            Err(_) => is_error,
        };
        if !is_right {
            let came = came.map(|value| format!("{} ({})", printed(&value), value.type_of().name()));
            wrong.push(format!("{expression}\n  expected {expected}\n  came to {came:?}"));
        }
        expression.clear();
    }
    assert!(wrong.is_empty() && count > 100, "{} of {count}:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn the_language_and_the_libraries_of_kubernetes_are_there() {
    for text in [
        "has(object.metadata.labels) && 'app' in object.metadata.labels && !has(object.spec.missing)",
        "!has(object.spec.instances.x) && object.metadata.labels['a/b'] == 'c' && oldObject == null",
        "object.nope == 1 || true",
        "!(object.nope == 1 && false) && (object.spec.instances || true)",
        "[1, 2].exists(x, x == 2 || object.nope == x) && ![1, 2].all(x, x > 1 && object.nope == x)",
        "object.spec.instances == 2.0 && object.spec.instances in [2.0] && object.spec.ratio < 1",
        "dyn(1) == dyn(1u) && {1: 'x'}[dyn(1.0)] == 'x' && dyn([1]) == dyn([1.0]) && !(9223372036854775807 < 9223372036854775808.0)",
        "'ä😀'.size() == 2 && 'ä😀'.charAt(1) == '😀' && 'ä😀b'.indexOf('b') == 2 && 'ä😀b'.substring(1) == '😀b'",
        "'abcabc'.lastIndexOf('c') == 5 && 'abcabc'.lastIndexOf('abc', 2) == 0 && 'abc'.indexOf('', 9) == 3",
        "'ä😀'.split('') == ['ä', '😀'] && 'a,b,c'.split(',', 2) == ['a', 'b,c'] && 'a,b'.split(',', 0) == []",
        "'abc'.replace('', '-', 2) == '-a-bc' && ['a', 'b'].join('-') == 'a-b' && ' x '.trim() == 'x'",
        "strings.quote('a\\n\"') == '\"a\\\\n\\\\\"\"' && 'aB'.upperAscii() == 'AB'",
        "'%s %d %.1f %x %b %o %%'.format(['a', 2, 3.0, 255, 5, 8]) == 'a 2 3.0 ff 101 10 %'",
        "'%e'.format([1234.5]) == '1.234500×10⁰³' && '%f'.format([1234567.5]) == '1,234,567.500000'",
        "'%s'.format([[1, 2.5, 'a', b'x', true, null]]) == '[1, 2.500000, \"a\", b\"x\", true, null]'",
        "'%s'.format([{'a': 1, 'b': [1.5]}]) == '{\"a\":1, \"b\":[1.500000]}'",
        "string(1e21) == '1e+21' && string(1234567.0) == '1.234567e+06' && string(0.0001) == '0.0001' && string(1.0) == '1'",
        "string(cidr('10.0.0.0/8')) == '10.0.0.0/8' && string(ip('::1')) == '::1' && string(duration('90m')) == '5400s'",
        "timestamp(object.metadata.creationTimestamp) + duration('24h') > timestamp('2026-01-03T00:00:00Z')",
        "timestamp('2026-03-08T12:00:00Z').getHours('America/New_York') == 8 && duration('1.5h').getMinutes() == 90",
        "'123 456'.findAll('[0-9]+', 1) == ['123'] && 'a1b2'.findAll('[0-9]') == ['1', '2'] && 'a1'.find('[0-9]') == '1'",
        "!'٣'.matches('^\\\\d+$') && '&'.matches('[a&&b]') && 'abc'.matches('b') && !'٣'.matches('^' + '\\\\d+$')",
        "{'a': 1}.exists(k, v, v == 1) && {'a': 1}.all(k, v, k == 'a') && [1, 2].existsOne(i, v, v == 1)",
        "{'a': 1, 'b': 2}.transformMap(k, v, v > 1, v * 2) == {'b': 4} && [5, 6].transformList(i, v, v > 5, i) == [1]",
        "[1, 2].transformMapEntry(i, v, {v: i}) == {1: 0, 2: 1} && [3, 1].map(a, [1, 2].map(b, a * b)) == [[3, 6], [1, 2]]",
        "[1, 2, 2].indexOf(2) == 1 && [1, 2, 2].lastIndexOf(2) == 2 && [1].indexOf(3) == -1 && [3, 1, 2].sortBy(x, -x) == [3, 2, 1]",
        "[1, 2, 2].isSorted() && ![2, 1].isSorted() && [1, 2].sum() == 3 && [].sum() == 0 && [3, 1, 2].min() == 1",
        "[[1], [2]].flatten() == [1, 2] && lists.range(3) == [0, 1, 2] && [1, 1].distinct() == [1] && [1, 2].first().value() == 1",
        "sets.contains(['a', 'b'], ['b']) && sets.equivalent([1, 2, 2], [2, 1]) && !sets.intersects([1], [2])",
        "quantity('1Gi') == quantity('1024Mi') && quantity(object.spec.storage.size).isLessThan(quantity('20Gi'))",
        "quantity('2').add(quantity('300m')).asApproximateFloat() == 2.3000000000000003 && sign(quantity('-1')) == -1",
        "object.?spec.?missing.orValue('d') == 'd' && object.?spec.storage.?size.value() == '1536Mi'",
        "object.?nope.?deeper.optMap(x, x + 1).orValue(7) == 7 && [?optional.none(), 1] == [1] && {?'a': optional.of(1)} == {'a': 1}",
        "!isCIDR('10.0.0.0/08') && !isCIDR('10.0.0.0/+8') && isCIDR('10.0.0.0/0') && !isCIDR('::ffff:1.2.3.4/96')",
        "isIP('10.0.0.1') && !isIP('10.0.0.01') && !isIP('fe80::1%eth0') && ip('169.254.0.1').isLinkLocalUnicast()",
        "cidr('10.1.2.3/8').masked() == cidr('10.0.0.0/8') && cidr('10.0.0.0/8').containsIP('10.1.2.3')",
        "cidr('10.0.0.0/8').containsCIDR('10.1.0.0/16') && cidr('10.1.2.3/8').ip() == ip('10.1.2.3')",
        "isURL('https:///x') && isURL('mailto:x@y') && isURL('https://ä/ö') && !isURL('https://a b/') && !isURL('https://h/%zz')",
        "url('https://h/ä b').getEscapedPath() == '/%C3%A4%20b' && url('https://u:p@h:80/').getHost() == 'h:80'",
        "url('https://h/?a=1&b;c=2&d').getQuery() == {'a': ['1'], 'd': ['']} && url('https://[::1]:80/').getHostname() == '::1'",
        "semver('1.2.3+a') == semver('1.2.3+b') && semver('v1.2', true).minor() == 2 && !isSemver('v1.2')",
        "format.dns1123Label().validate('abc') == optional.none() && format.dns1123Label().validate('A_').hasValue()",
        "type(object.spec.instances) == int && type(ip('::1')) == net.IP && type(null) == null_type",
        "object.spec.databases.exists(object, object.name == 'app') && [1, 2].map(object, object + 1) == [2, 3]",
    ] {
        assert_eq!(Expression::new(text).holds(&variables()), Ok(true), "{text}");
    }
}

#[test]
fn what_cannot_be_told_is_an_error_and_says_why() {
    for (text, expected) in [
        ("has(object.nope.deeper)", "no such key: nope"),
        ("object.nope.x == 1 || object.nope.y == 1", "no such key: nope"),
        ("object.spec.instances || false", "no such overload"),
        ("[1, 2].exists_one(x, x == 1 || object.nope == x)", "no such key: nope"),
        ("object.spec.databases[5].name == ''", "index out of bounds: 5"),
        ("object.spec.instances", "not to a bool"),
        ("9223372036854775807 + 1 > 0", "integer overflow"),
        ("5u - 6u == 0u", "unsigned integer overflow"),
        ("5 % 0 == 0", "modulus by zero"),
        ("dyn('a') < dyn(1)", "no such overload"),
        ("'x'.matches('[' + 'a')", "missing closing ]"),
        ("timestamp('9999-12-31T23:59:59Z') + duration('1s') > timestamp(0)", "timestamp overflow"),
        ("[1, 1].transformMapEntry(i, v, {v: i}) == {}", "already exists"),
        ("optional.none().value()", "dereference"),
    ] {
        let error = Expression::new(text).holds(&variables()).unwrap_err();
        assert!(error.contains(expected), "{text}: {error}");
    }
}

#[test]
fn what_the_cluster_would_not_take_is_refused_when_it_is_read() {
    for (text, expected) in [
        ("object.spec.", "Syntax error"),
        ("unknownVar || true", "undeclared reference to 'unknownVar'"),
        ("unknownFn(1) || true", "undeclared reference to 'unknownFn'"),
        ("'abc'.reverse() == 'cba' || true", "no matching overload"),
        ("1 == 1.0 || true", "no matching overload"),
        ("!null || true", "no matching overload"),
        ("-'a' == 'a' || true", "no matching overload"),
        ("[1, 2] < [3] || true", "no matching overload"),
        ("(true ? 1 : 'a') == 1 || true", "no matching overload"),
        ("'a' + 1 == 'a1' || true", "no matching overload"),
        ("['a', 1].size() == 2 || true", "expected type"),
        ("'x'.matches('(a)\\\\1') || true", "invalid matches argument"),
        ("timestamp('2026-01-02') > timestamp(0) || true", "invalid timestamp argument"),
        ("duration('1d') > duration('0') || true", "invalid duration argument"),
        ("variables.x == 1 || true", "undefined field 'x'"),
        ("has(object) || true", "invalid argument to has()"),
        ("[1].all(x.y, true) || true", "simple name"),
        ("jsonpatch.escapeKey('a') == 'a' || true", "undeclared reference"),
    ] {
        let error = Expression::new(text).holds(&variables()).unwrap_err();
        assert!(error.starts_with("compilation failed: ") && error.contains(expected), "{text}: {error}");
    }
}

#[test]
fn an_error_in_a_variable_is_the_error_of_who_uses_it() {
    let names = ["bad".to_owned(), "good".to_owned()];
    let definitions: Arc<[Composed]> = Arc::new([
        Composed { name: "bad".into(), expression: Expression::new("object.nope") },
        Composed {
            name: "good".into(),
            expression: Expression::among("has(variables.bad) || true", &names[..1]),
        },
    ]);
    let holds = |text: &str| Expression::among(text, &names).holds(&variables().composing(&definitions));
    assert_eq!(holds("variables.good"), Ok(true));
    assert_eq!(holds("object.spec.instances == 2"), Ok(true), "it is not evaluated before somebody asks");
    assert_eq!(holds("variables.good || variables.bad == 1"), Ok(true));
    for text in [
        "!has(variables.bad)",
        "has(variables.bad)",
        "variables.bad == 1",
        "!variables.good || variables.bad",
    ] {
        assert!(holds(text).unwrap_err().contains("composited variable \"bad\" fails to evaluate"), "{text}");
    }
}

#[test]
fn an_expression_that_is_too_dear_fails() {
    for text in [
        "object.spec.numbers.all(a, object.spec.numbers.all(b, a + b >= 0))",
        "object.spec.numbers.map(a, object.spec.numbers.map(b, a + b)).size() == 2000",
        "object.spec.numbers.all(a, object.spec.numbers.all(b, a + b >= 0)) || true",
        "object.spec.numbers.all(a, object.spec.numbers.all(b, object.nope)) || true",
        "object.spec.numbers.map(a, object.spec.text + object.spec.text).size() == 2000",
        "object.spec.text.replace('a', object.spec.text).size() > 0",
        "object.spec.text.replace('a', object.spec.text, 9000).size() > 0",
        "object.spec.numbers.map(a, object.spec.text).join(',').size() > 0",
        "object.spec.numbers.all(a, !object.spec.text.contains('b'))",
        "object.spec.numbers.distinct().size() == 2000",
        "lists.range(100000000).size() > 0",
    ] {
        let outcome = Expression::new(text).holds(&variables());
        assert_eq!(outcome, Err(budget::EXCEEDED.to_owned()), "{text}");
    }
}

#[test]
fn the_depth_of_loops_is_known() {
    for (text, is_heavy) in [
        ("object.a.all(a, a > 0) && object.a.exists(b, b > 0)", false),
        ("object.a.all(a, object.b.exists(b, a == b))", true),
        ("object.a.map(a, object.b.filter(b, b > a))", true),
        ("object.a.filter(a, a > 0).map(a, a + 1)", false),
    ] {
        assert_eq!(Expression::new(text).is_heavy(), is_heavy, "{text}");
    }
}

#[test]
fn nesting_is_bounded() {
    for text in [
        format!("{}1{} == 1", "(".repeat(4_000), ")".repeat(4_000)),
        vec!["1"; 5_000].join("+") + " > 0",
        "[".repeat(9_000),
        format!("object{}", ".a".repeat(4_500)),
        format!("object{}", "[0]".repeat(3_000)),
        "1 ? 1 : ".repeat(1_200) + "1",
    ] {
        let error = Expression::new(&text).holds(&variables()).unwrap_err();
        assert!(error.starts_with("compilation failed: "), "{error}");
    }
    let many = vec!["object.spec.instances == 2"; 500].join(" && ");
    assert_eq!(Expression::new(&many).holds(&variables()), Ok(true));

    // A variable may name those before it: what is nested in all of them together is bounded, too.
    let names: Vec<String> = (0..50).map(|number| format!("v{number}")).collect();
    let definition = |number: usize| {
        let before = if number == 0 { "1".into() } else { format!("variables.v{}", number - 1) };
        let text = before + &" + 1".repeat(100);
        Composed { name: names[number].clone(), expression: Expression::among(&text, &names[..number]) }
    };
    let definitions: Arc<[Composed]> = (0..names.len()).map(definition).collect();
    let holds = |text: &str| Expression::among(text, &names).holds(&variables().composing(&definitions));
    assert_eq!(holds("variables.v1 == 201"), Ok(true));
    assert!(holds("variables.v49 > 0").unwrap_err().contains("recursion limit"));
}
