//! Whether PostgreSQL would take a value for a setting, judged by what a server tells everybody of its settings.
//!
//! A server itself judges a value for a file only by reading the file, and tells superusers alone. What is judged here is the
//! kind, the unit and the bounds; a text may still be refused by the server.

use super::cell;
use tokio_postgres::SimpleQueryRow;

/// What is asked of a server: its settings, in the order that [`Setting::read`] takes them.
pub(in crate::backend) const SETTINGS: &str = "SELECT name, vartype, unit, min_val, max_val, \
     array_to_string(enumvals, ' ') FROM pg_settings";

/// Units with what they are of the smallest one.
const MEMORY: &[(&str, f64)] =
    &[("B", 1.0), ("kB", 1024.0), ("MB", 1_048_576.0), ("GB", 1_073_741_824.0), ("TB", 1_099_511_627_776.0)];
const TIME: &[(&str, f64)] =
    &[("us", 1.0), ("ms", 1e3), ("s", 1e6), ("min", 6e7), ("h", 3.6e9), ("d", 8.64e10)];
/// What PostgreSQL takes for a truth value, and the beginnings of these but the first two.
const TRUTHS: [&str; 8] = ["1", "0", "on", "off", "true", "false", "yes", "no"];

/// A setting of a server.
#[derive(Debug, Default)]
pub(in crate::backend) struct Setting {
    pub(in crate::backend) name: String,
    kind: String,
    unit: String,
    least: String,
    most: String,
    words: String,
}

impl Setting {
    pub(in crate::backend) fn read(row: &SimpleQueryRow) -> Self {
        let [name, kind, unit, least, most, words] = [0, 1, 2, 3, 4, 5].map(|column| cell(row, column));
        Setting { name, kind, unit, least, most, words }
    }

    /// Why it would not take a value.
    pub(in crate::backend) fn refusal(&self, value: &str) -> Option<String> {
        match self.kind.as_str() {
            "bool" => (!is_truth(value)).then(|| "it is on or off".to_owned()),
            "enum" => self.unworded(value),
            "integer" => self.uncounted(value, true),
            "real" => self.uncounted(value, false),
            _ => None,
        }
    }

    /// Some words are taken that are not listed: other truth values, and the old name of a level of messages.
    fn unworded(&self, value: &str) -> Option<String> {
        let word = value.trim().to_ascii_lowercase();
        let mut words = self.words.split(' ');
        let is_known = words.any(|known| known == word || known == "debug2" && word == "debug");
        (!is_known && !is_truth(value)).then(|| format!("it is one of {}", self.words.replace(' ', ", ")))
    }

    fn uncounted(&self, value: &str, is_whole: bool) -> Option<String> {
        let (number, unit) = number(value.trim());
        let Some(number) = number else { return Some("it is a number".to_owned()) };
        let Some(factor) = self.factor(unit) else {
            let units =
                |units: &[(&str, f64)]| units.iter().map(|(unit, _)| *unit).collect::<Vec<_>>().join(", ");
            return Some(match self.units() {
                Some((known, _)) => format!("its units are {}", units(known)),
                None => "it has no unit".to_owned(),
            });
        };
        let counted = if is_whole { (number * factor).round_ties_even() } else { number * factor };
        let bound = |text: &str| text.parse::<f64>().ok();
        let is_low = bound(&self.least).is_some_and(|least| counted < least);
        let is_high = bound(&self.most).is_some_and(|most| counted > most);
        (is_low || is_high).then(|| format!("it is between {} and {} {}", self.least, self.most, self.unit))
    }

    /// The units of its kind, and what its own is of the smallest; none where it has none. Its own may be several of one.
    fn units(&self) -> Option<(&'static [(&'static str, f64)], f64)> {
        let digits = self.unit.find(|character: char| !character.is_ascii_digit()).unwrap_or_default();
        let (several, unit) = self.unit.split_at(digits);
        let several = several.parse::<f64>().unwrap_or(1.0);
        [MEMORY, TIME].into_iter().find_map(|units| {
            let (_, size) = units.iter().find(|(known, _)| *known == unit)?;
            Some((units, several * size))
        })
    }

    /// By what a number is multiplied that is written with a unit.
    fn factor(&self, unit: &str) -> Option<f64> {
        if unit.is_empty() {
            return Some(1.0);
        }
        let (units, own) = self.units()?;
        units.iter().find(|(known, _)| *known == unit).map(|(_, size)| size / own)
    }
}

fn is_truth(value: &str) -> bool {
    let value = value.trim().to_ascii_lowercase();
    let (words, exact) = (&TRUTHS[4..], &TRUTHS[..4]);
    let is_beginning = !value.is_empty() && words.iter().any(|word| word.starts_with(&value));
    is_beginning || exact.contains(&value.as_str()) || value == "of"
}

/// The number that a value begins with, and what comes after it.
fn number(value: &str) -> (Option<f64>, &str) {
    let digits = value.trim_start_matches(['+', '-']);
    if let Some(hexadecimal) = digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")) {
        let end = hexadecimal.find(|character: char| !character.is_ascii_hexdigit());
        let (number, unit) = hexadecimal.split_at(end.unwrap_or(hexadecimal.len()));
        let number = u32::from_str_radix(number, 16).ok().map(f64::from);
        return (number.map(|number| if value.starts_with('-') { -number } else { number }), unit.trim());
    }
    // The longest beginning that is a number: `1e` of `1e` is none, and neither is `1 e`.
    let is_part =
        |character: char| character.is_ascii_digit() || ['+', '-', '.', 'e', 'E'].contains(&character);
    let end = value.find(|character| !is_part(character)).unwrap_or(value.len());
    let longest = (1..=end).rev().find_map(|end| Some((value[..end].parse().ok()?, value[end..].trim())));
    longest.map_or((None, value), |(number, unit)| (Some(number), unit))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn setting(kind: &str, unit: &str, least: &str, most: &str, words: &str) -> Setting {
        let [kind, unit, least, most, words] = [kind, unit, least, most, words].map(str::to_owned);
        Setting { name: "setting".into(), kind, unit, least, most, words }
    }

    #[test]
    fn values_are_judged_by_kind_unit_and_bounds() {
        let memory = setting("integer", "kB", "64", "2147483647", "");
        let pages = setting("integer", "8kB", "16", "1073741823", "");
        let time = setting("integer", "ms", "-1", "2147483647", "");
        let count = setting("integer", "", "1", "262143", "");
        let cost = setting("real", "", "0", "1.79769e+308", "");
        let delay = setting("real", "ms", "-1", "100", "");
        let flag = setting("bool", "", "", "", "");
        let level = setting("enum", "", "", "", "debug5 debug2 log on off");
        let text = setting("string", "", "", "", "");
        for (setting, value, is_taken) in [
            (&memory, "9MB", true),
            (&memory, " 9 MB ", true),
            (&memory, "0x400", true),
            (&memory, "1e3", true),
            (&memory, "65536B", true),
            (&memory, "plenty", false),
            (&memory, "", false),
            (&memory, "9mb", false),
            (&memory, "9 apples", false),
            (&memory, "9s", false),
            (&memory, "1kB", false),
            (&memory, "4TB", false),
            (&pages, "128MB", true),
            (&pages, "64kB", false),
            (&time, "-1", true),
            (&time, "2min", true),
            (&time, "1.5h", true),
            (&time, "40d", false),
            (&count, "100", true),
            (&count, "0", false),
            (&count, "100ms", false),
            (&cost, "1.1", true),
            (&cost, "-0.5", false),
            (&delay, "2ms", true),
            (&delay, "500us", true),
            (&delay, "1s", false),
            (&flag, "ON", true),
            (&flag, "tr", true),
            (&flag, "o", false),
            (&flag, "2", false),
            (&level, "LOG", true),
            (&level, "debug", true),
            (&level, "yes", true),
            (&level, "loud", false),
            (&text, "plenty", true),
        ] {
            assert_eq!(setting.refusal(value).is_none(), is_taken, "{value:?} of {setting:?}");
        }
    }
}
