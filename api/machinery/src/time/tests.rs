use super::*;
use crate::wire::json;
use proptest::prelude::*;

#[test]
fn durations_are_written_as_go_does() {
    for (input, output) in [
        ("1h30m", "1h30m0s"),
        ("90s", "1m30s"),
        ("1.5h", "1h30m0s"),
        ("250ms", "250ms"),
        ("-2m", "-2m0s"),
        ("0", "0s"),
        ("-0", "0s"),
        ("1us", "1µs"),
        ("1μs", "1µs"),
        ("1500ns", "1.5µs"),
        ("1.h", "1h0m0s"),
        ("+.5s", "500ms"),
        ("342935h31m30.123456789s", "342935h31m30.123456789s"),
        ("-9223372036854775808ns9223372036854775808ns", "0s"),
        ("-2562047h47m16.854775808s", "-2562047h47m16.854775808s"),
    ] {
        assert_eq!(input.parse::<Duration>().unwrap().to_string(), output, "{input}");
    }
}

#[test]
fn other_durations_are_refused_in_gos_words() {
    let invalid =
        ["", "-", "h", ".h", ".s", "--1s", "9999999h", "99999999999999999999s", "9223372036854775808ns"];
    for text in invalid {
        assert_eq!(text.parse::<Duration>(), Err(DurationError::Invalid(text.into())), "{text}");
    }
    let message = |text: &str| text.parse::<Duration>().unwrap_err().to_string();
    assert_eq!(message("30"), r#"time: missing unit in duration "30""#);
    assert_eq!(message("1H"), r#"time: unknown unit "H" in duration "1H""#);
    assert_eq!(message("3x"), r#"time: unknown unit "x" in duration "3x""#);
    assert_eq!("-2s".parse::<Duration>().unwrap().or_zero(), std::time::Duration::ZERO);
}

#[track_caller]
fn check(text: &str, expected: &str) {
    assert_eq!(text.parse::<Time>().map(|time| time.to_string()), Ok(expected.to_owned()), "{text}");
}

#[test]
fn times_are_read_as_go_reads_them() {
    check("2026-07-01T14:00:00.75+02:00", "2026-07-01T12:00:00Z");
    check("2026-01-02T3:04:05Z", "2026-01-02T03:04:05Z");
    check("2026-01-02T03:04:05,5Z", "2026-01-02T03:04:05Z");
    check("2026-01-02T03:04:05.1234567890123Z", "2026-01-02T03:04:05Z");
    check("2026-01-02T03:04:05-00:00", "2026-01-02T03:04:05Z");
    check("2020-01-01T00:00:00+24:60", "2019-12-30T23:00:00Z");
    check("2024-02-29T00:00:00Z", "2024-02-29T00:00:00Z");
    check("1970-01-01T00:00:00Z", "1970-01-01T00:00:00Z");
    check("0000-01-01T00:00:00Z", "0000-01-01T00:00:00Z");
    check("0000-03-01T00:00:00Z", "0000-03-01T00:00:00Z");
    check("9999-12-31T23:59:59Z", "9999-12-31T23:59:59Z");
}

#[test]
fn other_times_are_refused_in_gos_words() {
    for (wrong, rest, element) in [
        ("", "", "2006"),
        ("2026-07-01", "", "T"),
        ("2026-07-01 12:00:00Z", " 12:00:00Z", "T"),
        ("20260701T120000Z", "0701T120000Z", "-"),
        ("2026-07-01T12:00Z", "Z", ":"),
        ("2026-07-01T12:0:00Z", "0:00Z", "04"),
        ("2026-07-01T12:00:00", "", "Z07:00"),
        ("2026-07-01T12:00:00z", "z", "Z07:00"),
        ("2026-07-01T12:00:00.Z", ".Z", "Z07:00"),
        ("2026-07-01T12:00:00+0200", "+0200", "Z07:00"),
        ("2026-07-01T12:00:00é2:00", "\\xc3\\xa92:00", "Z07:00"),
        ("+026-07-01T12:00:00Z", "+026-07-01T12:00:00Z", "2006"),
    ] {
        let error = wrong.parse::<Time>().unwrap_err().to_string();
        let end = format!(" as \"2006-01-02T15:04:05Z07:00\": cannot parse \"{rest}\" as \"{element}\"");
        assert!(error.starts_with("parsing time ") && error.ends_with(&end), "{error}");
    }
    let error = "2026-07-01T12:00:00Z[UTC]".parse::<Time>().unwrap_err().to_string();
    assert_eq!(error, "parsing time \"2026-07-01T12:00:00Z[UTC]\": extra text: \"[UTC]\"");
}

#[test]
fn parts_out_of_range_are_named() {
    for (text, part) in [
        ("2026-13-01T12:00:00Z", "month"),
        ("2026-02-30T12:00:00Z", "day"),
        ("2026-02-00T12:00:00Z", "day"),
        ("2026-01-02T24:00:00Z", "hour"),
        ("2026-01-02T03:60:00Z", "minute"),
        ("2026-01-02T03:04:60Z", "second"),
        ("2026-01-02T03:04:05+25:00", "time zone offset hour"),
        ("2026-01-02T03:04:05+00:61", "time zone offset minute"),
        ("0000-01-01T00:00:00+00:01", "year in UTC (0 to 9999)"),
        ("9999-12-31T23:59:59-00:01", "year in UTC (0 to 9999)"),
    ] {
        let message = text.parse::<Time>().unwrap_err().to_string();
        assert_eq!(message, format!("parsing time {text:?}: {part} out of range"));
    }
}

#[test]
fn microtimes_have_exactly_six_digits() {
    for (text, micros) in [
        ("2026-07-01T12:00:00.000001Z", 1_782_907_200_000_001),
        ("2026-07-01T14:00:00,000001+02:00", 1_782_907_200_000_001),
        ("2026-07-01T12:00:00.+00001Z", 1_782_907_200_000_001),
        ("1969-12-31T23:59:59.999999Z", -1),
    ] {
        let time: MicroTime = text.parse().unwrap();
        assert_eq!(time.micros(), micros);
    }
    let written = MicroTime::from_micros(-1).to_string();
    assert_eq!(written, "1969-12-31T23:59:59.999999Z");
    for wrong in [
        "2026-07-01T12:00:00Z",
        "2026-07-01T12:00:00.123Z",
        "2026-07-01T12:00:00.1234567Z",
        "2026-07-01T12:00:00.12345+Z",
    ] {
        let message = wrong.parse::<MicroTime>().unwrap_err().to_string();
        assert!(message.contains(" as \"2006-01-02T15:04:05.000000Z07:00\": cannot parse "), "{message}");
    }
}

#[test]
fn the_zero_is_the_beginning_of_year_one_and_not_the_epoch() {
    let read = |text: &str| json::decode_value::<Time>(text.as_bytes()).unwrap();
    let written = |time: Time| {
        let mut out = Vec::new();
        json::encode(&time, &mut out);
        String::from_utf8(out).unwrap()
    };
    assert_eq!((read("null"), read(r#""0001-01-01T00:00:00Z""#)), (Time::default(), Time::default()));
    assert_eq!(written(Time::default()), "null");
    assert_eq!(written(Time::from_seconds(0)), r#""1970-01-01T00:00:00Z""#);
    assert_eq!(read(r#""1970-01-01T00:00:00Z""#), Time::from_seconds(0));
    let absent: Option<Time> = json::decode_value(br#""0001-01-01T00:00:00Z""#).unwrap();
    assert_eq!(absent, None);
}

fn message(seconds: i64, nanos: i64) -> Vec<u8> {
    let mut body = Vec::new();
    seconds.encode_field(1, &mut body);
    nanos.encode_field(2, &mut body);
    let mut out = Vec::new();
    crate::wire::scalar::encode_bytes(&body, 1, &mut out);
    out.remove(0);
    out
}

#[test]
fn messages_of_times_that_no_text_can_say_are_refused() {
    let read = |bytes: &[u8]| {
        let mut time = MicroTime::default();
        time.merge_field(WireType::LengthDelimited, &mut &bytes[..]).map(|()| time)
    };
    assert_eq!(read(&[0]), Ok(MicroTime::default()));
    assert_eq!(read(&message(0, 0)), Ok(MicroTime::from_micros(0)));
    assert_eq!(read(&message(LATEST, 999_999_999)).unwrap().to_string(), "9999-12-31T23:59:59.999999Z");
    for (seconds, nanos) in
        [(EARLIEST - 1, 0), (LATEST + 1, 0), (i64::MAX, 0), (i64::MIN, 0), (0, -1), (0, 1_000_000_000)]
    {
        let error = read(&message(seconds, nanos)).unwrap_err();
        assert!(error.0.contains("in the years 0 to 9999"), "{error}");
    }
}

proptest! {
    #[test]
    fn every_time_is_read_again(seconds in any::<i64>(), near in EARLIEST..=LATEST, micros in 0..MICROS) {
        for time in [Time::from_seconds(seconds), Time::from_seconds(near)] {
            prop_assert_eq!(time.to_string().parse(), Ok(time));
        }
        let time = MicroTime::from_micros(near * MICROS + micros);
        prop_assert_eq!(time.to_string().parse(), Ok(time));
    }

    #[test]
    fn any_text_is_a_time_or_refused(text in "[0-9T:.,Z+é-]{0,30}|.{0,20}") {
        let _ = (text.parse::<Time>(), text.parse::<MicroTime>(), text.parse::<Duration>());
    }
}
