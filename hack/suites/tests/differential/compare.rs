//! What differs, what of it is on purpose, and the rest by its kind.

use std::collections::{BTreeMap, BTreeSet};

use regex::Regex;

use crate::deviations::{DEVIATIONS, Deviation};
use crate::peer::Exchange;

/// So many kinds of differences are printed, so much of a line, and so many lines of each.
const KINDS: usize = 60;
const SHOWN: usize = 400;
const LINES: usize = 60;

/// A deviation of the list, ready to be looked for.
struct Rule {
    name: &'static str,
    at: Regex,
    theirs: Option<Regex>,
    ours: Option<Regex>,
}

/// Everything that was seen.
pub(crate) struct Report {
    requests: u64,
    rules: Vec<Rule>,
    used: BTreeSet<&'static str>,
    /// By their kind: how often, and the first of them.
    kinds: BTreeMap<String, (u64, String)>,
    names: Regex,
}

impl Default for Report {
    fn default() -> Self {
        let regex = |text: &str| Regex::new(&format!("(?s)^(?:{text})$")).expect("a pattern of the list");
        let some = |text: &str| (!text.is_empty()).then(|| regex(text));
        let rules = DEVIATIONS.iter().map(|one| Rule {
            name: one.name,
            at: Regex::new(one.at).expect("a pattern of the list"),
            theirs: some(one.theirs),
            ours: some(one.ours),
        });
        let names = Regex::new(r#"\[\d+\]|"[^"]*"|\d+"#).expect("a pattern");
        Self { requests: 0, rules: rules.collect(), used: BTreeSet::new(), kinds: BTreeMap::new(), names }
    }
}

impl Report {
    /// How many requests were made.
    pub(crate) fn requests(&self) -> u64 {
        self.requests
    }

    /// Compares an episode, as far as both servers have the same stored.
    pub(crate) fn compare(&mut self, seed: u64, theirs: &[Exchange], ours: &[Exchange]) {
        self.requests += theirs.len() as u64;
        for (theirs, ours) in theirs.iter().zip(ours) {
            let is_same = self.exchange(seed, theirs, ours);
            let have_written = [theirs, ours].map(|exchange| exchange.writes && exchange.status < 300);
            if have_written[0] != have_written[1] || (have_written[0] && !is_same) {
                return;
            }
        }
    }

    /// Whether an answer differs only where it does on purpose.
    fn exchange(&mut self, seed: u64, theirs: &Exchange, ours: &Exchange) -> bool {
        if theirs.lines == ours.lines && theirs.asked == ours.asked {
            return true;
        }
        let alone = |these: &Exchange, those: &Exchange| -> Vec<String> {
            these.lines.iter().filter(|line| !those.lines.contains(line)).cloned().collect()
        };
        let (mut missing, mut extra) = (alone(theirs, ours), alone(ours, theirs));
        let at = format!("{} => {} | {}", ours.asked, theirs.status, ours.status);
        for rule in &self.rules {
            let has = |wanted: &Option<Regex>, lines: &[String]| {
                wanted.as_ref().is_none_or(|wanted| lines.iter().any(|line| wanted.is_match(line)))
            };
            if rule.at.is_match(&at) && has(&rule.theirs, &missing) && has(&rule.ours, &extra) {
                self.used.insert(rule.name);
                let strike = |wanted: &Option<Regex>, lines: &mut Vec<String>| {
                    lines.retain(|line| wanted.as_ref().is_none_or(|wanted| !wanted.is_match(line)));
                };
                strike(&rule.theirs, &mut missing);
                strike(&rule.ours, &mut extra);
            }
        }
        if missing.is_empty() && extra.is_empty() {
            return true;
        }
        self.differs(seed, &at, ours.step, &missing, &extra);
        false
    }

    fn differs(&mut self, seed: u64, at: &str, step: usize, missing: &[String], extra: &[String]) {
        let signed: Vec<String> = missing
            .iter()
            .map(|line| format!("- {line}"))
            .chain(extra.iter().map(|line| format!("+ {line}")))
            .collect();
        let said = |line: &String| self.names.replace_all(line, "_").into_owned();
        let kind: BTreeSet<String> = signed.iter().map(said).collect();
        let method = at.split(' ').next().unwrap_or_default();
        let outcome = at.rsplit("=> ").next().unwrap_or_default();
        let kind = kind.into_iter().collect::<Vec<_>>().join("\n");
        let short = |line: &String| format!("    {}", line.chars().take(SHOWN).collect::<String>());
        let lines: Vec<String> = signed.iter().take(LINES).map(short).collect();
        let more = signed.len().saturating_sub(LINES);
        let example = format!(
            "seed {seed}, step {step}:{}\n{}\n    and {more} lines more",
            short(&at.to_owned()),
            lines.join("\n")
        );
        let counted = self.kinds.entry(format!("{method} {outcome}\n{kind}")).or_insert((0, example));
        counted.0 += 1;
    }

    /// Fails with what was found; and, where so much was asked that each must have come up, with what is in the list for nothing.
    pub(crate) fn check(&self, is_whole: bool) {
        let mut kinds: Vec<_> = self.kinds.values().collect();
        kinds.sort_by_key(|one| std::cmp::Reverse(one.0));
        let found: Vec<String> = kinds
            .iter()
            .take(KINDS)
            .map(|(count, example)| format!("{count} times, first {example}"))
            .collect();
        assert!(
            found.is_empty(),
            "{} kinds of differences; DATABASES_SEED=N DATABASES_GENERATED=1 asks one episode again\n{}",
            kinds.len(),
            found.join("\n")
        );
        let unused: Vec<String> = DEVIATIONS
            .iter()
            .filter(|one| !self.used.contains(one.name))
            .map(|Deviation { name, why, .. }| format!("{name}: {why}"))
            .collect();
        assert!(
            !is_whole || unused.is_empty(),
            "nothing differs in this way any more:\n{}",
            unused.join("\n")
        );
    }
}
