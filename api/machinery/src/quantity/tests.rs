use super::*;
use crate::wire::json;
use proptest::prelude::*;

fn parse(text: &str) -> Quantity {
    text.parse().unwrap_or_else(|error| panic!("{text:?}: {error}"))
}

#[test]
fn texts_become_canonical() {
    for (input, output) in [
        ("0", "0"),
        ("0Gi", "0"),
        ("-0.0", "0"),
        ("1024Mi", "1Gi"),
        ("1.5Gi", "1536Mi"),
        ("0.5", "500m"),
        (".5", "500m"),
        ("5.", "5"),
        ("1000m", "1"),
        ("+1", "1"),
        ("-0100", "-100"),
        ("1024", "1024"),
        ("1000k", "1M"),
        ("12e3", "12e3"),
        ("1200E1", "12e3"),
        ("1E", "1E"),
        ("1e-3", "1e-3"),
        ("100e0", "100"),
        ("1e2", "100"),
        ("1000Ki", "1000Ki"),
        ("0.001Ki", "1024m"),
        ("0.0001Ki", "102400u"),
        ("1023.9999Mi", "1073741719142400u"),
        ("512", "512"),
        ("1Ki", "1Ki"),
        ("0.1Ki", "102400m"),
        ("100Ei", "9223372036854775807"),
        ("0.0000000001", "1n"),
        ("-1.0000000001n", "-2n"),
        ("1000000E", "1000000E"),
        ("1e27", "1e27"),
        ("-", "0"),
        (".", "0"),
        ("Ki", "0"),
        ("+e5", "0"),
    ] {
        assert_eq!(parse(input).to_string(), output, "{input}");
    }
}

proptest! {
    /// A point brings a number to the other way of reading.
    #[test]
    fn whole_numbers_are_read_as_any_number(
        count in prop_oneof![any::<u64>(), 0..2000u64],
        suffix in prop::sample::select(vec!["", "n", "u", "m", "k", "M", "E", "Ki", "Gi", "Ei", "e3", "e-3", "E0", "e27"]),
    ) {
        let [whole, pointed] = [format!("{count}{suffix}"), format!("{count}.{suffix}")].map(|text| text.parse::<Quantity>());
        prop_assert_eq!(whole.map(|quantity| quantity.to_string()), pointed.map(|quantity| quantity.to_string()));
    }
}

#[test]
fn other_texts_are_refused() {
    use QuantityError::*;
    let format = ["", " 1", "1 ", "1.1.M", "1+1.0M", "aoeu", "0.1am", "١", "1KI"];
    let suffix = ["--1", "0.1mi", ".5i", "1i", "-3.01e-", "1e", "1ki", "1K", "1mm", "1e99999999999999999999"];
    for (texts, error) in
        [(&format[..], Format), (&suffix[..], Suffix), (&["Ei", "-.Pi", "e-10"][..], Number)]
    {
        for text in texts {
            assert_eq!(text.parse::<Quantity>().unwrap_err(), error, "{text:?}");
        }
    }
    assert_eq!("1e40".parse::<Quantity>().unwrap_err(), TooLarge);
    assert_eq!("1e9223372036854775807".parse::<Quantity>().unwrap_err(), TooLarge);
}

#[test]
fn whole_numbers_are_rounded_up() {
    assert_eq!(parse("1Gi").to_bytes(), Some(1 << 30));
    assert_eq!(parse("1.1").to_bytes(), Some(2));
    assert_eq!(parse("-1").to_bytes(), None);
    assert_eq!(parse("-0.1").to_bytes(), None);
    assert_eq!(parse("20E").to_bytes(), None);
    assert_eq!(parse("1.5").to_millis(), Some(1500));
    assert_eq!(Quantity::from_bytes(10 << 30).to_string(), "10Gi");
}

#[test]
fn json_takes_numbers_and_null() {
    for (text, canonical) in [("1", "1"), ("-2", "-2"), ("1.5", "1500m"), ("\" 1Gi \"", "1Gi"), ("null", "0")]
    {
        let quantity: Quantity = json::decode_value(text.as_bytes()).expect(text);
        assert_eq!(quantity.to_string(), canonical);
    }
    for wrong in ["true", "\"\"", "{}", "[]", "\"\\u0031\""] {
        assert!(json::decode_value::<Quantity>(wrong.as_bytes()).is_err(), "{wrong}");
    }
}

fn texts() -> impl Strategy<Value = String> {
    let suffix = prop::sample::select(vec![
        "", "n", "u", "m", "k", "M", "G", "T", "P", "E", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei", "e3", "e-3",
        "E5",
    ]);
    ("[+-]?[0-9]{1,9}(\\.[0-9]{0,12})?", suffix).prop_map(|(number, suffix)| format!("{number}{suffix}"))
}

proptest! {
    #[test]
    fn canonical_texts_stay(text in texts()) {
        let first = parse(&text);
        let canonical = first.to_string();
        let second = parse(&canonical);
        prop_assert_eq!(first, second);
        prop_assert_eq!(canonical, second.to_string());
    }

    #[test]
    fn order_is_the_order_of_numbers(a in -1_000_000_000i64..1_000_000_000, b in -1_000_000_000i64..1_000_000_000) {
        let (milli, whole) = (parse(&format!("{a}m")), parse(&format!("{b}Ki")));
        prop_assert_eq!(milli.cmp(&whole), i128::from(a).cmp(&(i128::from(b) * 1024 * 1000)));
        prop_assert_eq!(milli.is_positive(), a > 0);
    }

    #[test]
    fn protobuf_keeps_the_text(text in texts()) {
        let quantity = parse(&text);
        let mut bytes = Vec::new();
        quantity.encode_field(3, &mut bytes);
        prop_assert_eq!(bytes.len(), quantity.field_length(3));
        let mut source = &bytes[..];
        let (_, wire) = decode_key(&mut source).unwrap();
        let mut read = Quantity::zero();
        read.merge_field(wire, &mut source).unwrap();
        prop_assert_eq!(read.to_string(), quantity.to_string());
    }
}
