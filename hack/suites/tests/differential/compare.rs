//! What differs, what of it is on purpose, and the rest by its kind.

use std::collections::{BTreeMap, BTreeSet};

use regex::Regex;

use crate::deviations::{self, Deviation, PARTINGS};
use crate::peer::Exchange;
use crate::world::World;

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

/// What both said of one thing that was asked.
pub(crate) struct Pair {
    pub(crate) theirs: Exchange,
    pub(crate) ours: Exchange,
    /// Whether a second began meanwhile.
    pub(crate) is_torn: bool,
}

/// What stands in one answer alone, and is not so on purpose.
#[derive(Default)]
struct Differing {
    missing: Vec<String>,
    extra: Vec<String>,
    /// Whether the two have different things stored, on purpose.
    has_parted: bool,
}

/// Everything that was seen beside one of them.
pub(crate) struct Report {
    world: World,
    requests: u64,
    rules: Vec<Rule>,
    used: BTreeSet<&'static str>,
    /// Differences by their kind: how often, and the first of them.
    kinds: BTreeMap<String, (u64, String)>,
    names: Regex,
}

impl Report {
    /// Nothing yet.
    pub(crate) fn new(world: World) -> Self {
        let regex = |text: &str| Regex::new(&format!("(?s)^(?:{text})$")).expect("a pattern of the list");
        let some = |text: &str| (!text.is_empty()).then(|| regex(text));
        let rules = deviations::beside(world).map(|one| Rule {
            name: one.name,
            at: Regex::new(one.at).expect("a pattern of the list"),
            theirs: some(one.theirs),
            ours: some(one.ours),
        });
        let names = Regex::new(r#"\[\d+\]|"[^"]*"|\d+"#).expect("a pattern");
        Self {
            world,
            requests: 0,
            rules: rules.collect(),
            used: BTreeSet::new(),
            kinds: BTreeMap::new(),
            names,
        }
    }

    /// How many requests were made.
    pub(crate) fn requests(&self) -> u64 {
        self.requests
    }

    /// Compares an episode, as far as both servers have the same stored.
    ///
    /// Of a write that they take in two seconds the times differ, and its entry's place among the managed fields; with that it may be a
    /// change for the one and none for the other.
    pub(crate) fn compare(&mut self, seed: u64, pairs: &[Pair]) {
        self.requests += pairs.len() as u64;
        for Pair { theirs, ours, is_torn } in pairs {
            let at = format!("{} => {} | {}", ours.asked, theirs.status, ours.status);
            let Differing { missing, extra, has_parted } = self.differing(&at, theirs, ours);
            let is_same = missing.is_empty() && extra.is_empty();
            let have_written = [theirs, ours].map(|exchange| exchange.writes && exchange.status < 300);
            if *is_torn && have_written == [true; 2] && (!is_same || theirs.hides_time || ours.hides_time) {
                return;
            }
            if !is_same {
                self.differs(seed, &at, ours.step, &missing, &extra);
            }
            // Upstream's server may find only after a write that no form of it is accepted.
            let may_have_written = theirs.writes && theirs.status == 406;
            if has_parted
                || may_have_written
                || have_written[0] != have_written[1]
                || (have_written[0] && !is_same)
            {
                return;
            }
        }
    }

    fn differing(&mut self, at: &str, theirs: &Exchange, ours: &Exchange) -> Differing {
        if theirs.lines == ours.lines {
            return Differing::default();
        }
        let alone = |these: &Exchange, those: &Exchange| -> Vec<String> {
            these.lines.iter().filter(|line| !those.lines.contains(line)).cloned().collect()
        };
        let (mut missing, mut extra) = (alone(theirs, ours), alone(ours, theirs));
        let mut has_parted = false;
        for rule in &self.rules {
            let has = |wanted: &Option<Regex>, lines: &[String]| {
                wanted.as_ref().is_none_or(|wanted| lines.iter().any(|line| wanted.is_match(line)))
            };
            if rule.at.is_match(at) && has(&rule.theirs, &missing) && has(&rule.ours, &extra) {
                self.used.insert(rule.name);
                has_parted |= PARTINGS.contains(&rule.name);
                let strike = |wanted: &Option<Regex>, lines: &mut Vec<String>| {
                    lines.retain(|line| wanted.as_ref().is_none_or(|wanted| !wanted.is_match(line)));
                };
                strike(&rule.theirs, &mut missing);
                strike(&rule.ours, &mut extra);
            }
        }
        Differing { missing, extra, has_parted }
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
    pub(crate) fn check(reports: &[Report], is_whole: bool) {
        let found: Vec<String> = reports.iter().flat_map(Report::found).collect();
        assert!(
            found.is_empty(),
            "{} kinds of differences; DATABASES_SEED=N DATABASES_GENERATED=1 asks one episode again\n{}",
            found.len(),
            found[..found.len().min(KINDS)].join("\n")
        );
        let is_used = |one: &Deviation| reports.iter().any(|report| report.used.contains(one.name));
        let unused = deviations::all().filter(|one| !is_used(one));
        let unused: Vec<String> =
            unused.map(|Deviation { name, why, .. }| format!("{name}: {why}")).collect();
        assert!(
            !is_whole || unused.is_empty(),
            "nothing differs in this way any more:\n{}",
            unused.join("\n")
        );
    }

    /// What was found, the most frequent first.
    fn found(&self) -> Vec<String> {
        let mut kinds: Vec<_> = self.kinds.values().collect();
        kinds.sort_by_key(|one| std::cmp::Reverse(one.0));
        let said = |(count, example): &&(u64, String)| {
            format!("beside {:?}, {count} times, first {example}", self.world)
        };
        kinds.iter().map(said).collect()
    }
}
