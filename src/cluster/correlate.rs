//! What of the events to be recorded is new, as upstream's event recorders decide it: a repetition raises the count of
//! the event that is there, many that differ in their message alone become one, and what an object has to tell is
//! limited. What is remembered is bounded; forgetting it makes a new event.

use std::collections::{HashMap, HashSet};

/// So many events, kinds of events and objects are remembered.
const MEMORY: usize = 4096;
/// So many events of one kind may differ in their messages.
const SIMILAR: usize = 10;
/// What was told so long ago, in seconds, is not similar any more.
const SIMILAR_FOR: i64 = 600;
/// So many events an object may have at once.
const BURST: f64 = 25.0;
/// One more after so many seconds.
const REFILL: f64 = 300.0;

/// What happened, to whom.
#[derive(Clone, Copy, Debug)]
pub(super) struct Occurrence<'a> {
    /// The object, whoever it is.
    pub(super) object: &'a str,
    /// Type and reason.
    pub(super) kind: &'a str,
    /// In words.
    pub(super) message: &'a str,
}

/// An event that was recorded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Recorded {
    /// The event's name.
    pub(super) name: String,
    /// How often it happened.
    pub(super) count: i32,
    /// When it happened first, in seconds.
    pub(super) first: i64,
}

/// What is to be recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wanted {
    /// What it is remembered by.
    pub(super) key: String,
    /// The message it is recorded with.
    pub(super) message: String,
    /// The event it repeats.
    pub(super) before: Option<Recorded>,
}

/// What was told before.
#[derive(Default)]
pub(super) struct Correlator {
    recorded: Recent<Recorded>,
    similar: Recent<Similar>,
    budgets: Recent<Budget>,
}

/// The messages of events of one kind.
#[derive(Default)]
struct Similar {
    messages: HashSet<String>,
    last: i64,
}

struct Budget {
    left: f64,
    at: i64,
}

impl Correlator {
    /// What is to be recorded; `None` where the object has told too much.
    pub(super) fn look(&mut self, occurrence: Occurrence<'_>, now: i64) -> Option<Wanted> {
        let Occurrence { object, kind, message } = occurrence;
        let group = format!("{object}\n{kind}");
        let similar = self.similar.entry(&group);
        if now - similar.last > SIMILAR_FOR {
            similar.messages.clear();
        }
        similar.last = now;
        let many = similar.messages.len() >= SIMILAR && !similar.messages.contains(message);
        if !many {
            similar.messages.insert(message.to_owned());
        }
        let (key, message) = match many {
            true => (group, format!("(combined from similar events): {message}")),
            false => (format!("{group}\n{message}"), message.to_owned()),
        };
        let budget = self.budgets.entry(object);
        let since = (now - budget.at).max(0) as f64;
        budget.left = (budget.left + since / REFILL).min(BURST);
        budget.at = now;
        if budget.left < 1.0 {
            return None;
        }
        budget.left -= 1.0;
        Some(Wanted { before: self.recorded.get(&key).cloned(), key, message })
    }

    /// What was recorded.
    pub(super) fn remember(&mut self, key: &str, recorded: Recorded) {
        *self.recorded.entry(key) = recorded;
    }
}

impl Default for Budget {
    fn default() -> Self {
        Budget { left: BURST, at: 0 }
    }
}

/// A map that forgets what was not used for longest.
pub(super) struct Recent<V> {
    entries: HashMap<String, (u64, V)>,
    clock: u64,
}

impl<V> Default for Recent<V> {
    fn default() -> Self {
        Recent { entries: HashMap::new(), clock: 0 }
    }
}

impl<V: Default> Recent<V> {
    fn get(&self, key: &str) -> Option<&V> {
        self.entries.get(key).map(|(_, value)| value)
    }

    pub(super) fn entry(&mut self, key: &str) -> &mut V {
        self.clock += 1;
        if self.entries.len() >= MEMORY && !self.entries.contains_key(key) {
            let oldest = self.entries.iter().min_by_key(|(_, (used, _))| *used);
            if let Some(oldest) = oldest.map(|(key, _)| key.clone()) {
                self.entries.remove(&oldest);
            }
        }
        let (used, value) = self.entries.entry(key.to_owned()).or_default();
        *used = self.clock;
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tell(correlator: &mut Correlator, message: &str, now: i64) -> Option<Wanted> {
        let wanted =
            correlator.look(Occurrence { object: "demo/shop", kind: "Warning NotReady", message }, now)?;
        let before =
            wanted.before.clone().unwrap_or(Recorded { name: format!("e{now}"), count: 0, first: now });
        correlator.remember(&wanted.key, Recorded { count: before.count + 1, ..before });
        Some(wanted)
    }

    #[test]
    fn a_repetition_raises_the_count_of_the_event_that_is_there() {
        let mut correlator = Correlator::default();
        assert_eq!(tell(&mut correlator, "it is down", 1).and_then(|wanted| wanted.before), None);
        assert_eq!(tell(&mut correlator, "it is slow", 2).and_then(|wanted| wanted.before), None);
        tell(&mut correlator, "it is down", 3);
        let third = tell(&mut correlator, "it is down", 4).and_then(|wanted| wanted.before);
        assert_eq!(third, Some(Recorded { name: "e1".into(), count: 2, first: 1 }));
    }

    #[test]
    fn many_that_differ_in_their_message_alone_become_one() {
        let mut correlator = Correlator::default();
        for number in 0..10 {
            let wanted = tell(&mut correlator, &format!("attempt {number}"), number);
            assert_eq!(wanted.map(|wanted| wanted.message), Some(format!("attempt {number}")));
        }
        let combined = tell(&mut correlator, "attempt 10", 10).expect("it is recorded");
        assert_eq!(combined.message, "(combined from similar events): attempt 10");
        let again = tell(&mut correlator, "attempt 11", 11).expect("it is recorded");
        assert_eq!(again.before.map(|before| before.count), Some(1));
        let later = tell(&mut correlator, "attempt 12", 11 + SIMILAR_FOR + 1).expect("it is recorded");
        assert_eq!(later.message, "attempt 12");
    }

    #[test]
    fn an_object_that_tells_too_much_is_limited_and_others_are_not() {
        let mut correlator = Correlator::default();
        let told = (0..100).filter(|_| tell(&mut correlator, "it is down", 5).is_some()).count();
        assert_eq!(told, 25);
        assert!(tell(&mut correlator, "it is down", 5 + 300).is_some());
        let other = Occurrence { object: "demo/other", kind: "Warning NotReady", message: "it is down" };
        assert!(correlator.look(other, 5).is_some());
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let mut correlator = Correlator::default();
        for number in 0..=MEMORY {
            let object = number.to_string();
            correlator.look(Occurrence { object: &object, kind: "Normal Ready", message: "m" }, 1);
        }
        assert_eq!(correlator.budgets.entries.len(), MEMORY);
        assert!(correlator.budgets.get("0").is_none(), "the oldest is forgotten");
    }
}
