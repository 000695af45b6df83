//! The newest events, in memory, so that watches that keep up never read the file.

use std::collections::VecDeque;

use super::super::feed::Scan;
use crate::{Event, Revision};

/// How many bytes of keys and values are kept.
const MAX_SIZE: usize = 8 << 20;

/// A run of events without a gap, one for each revision.
#[derive(Default)]
pub(super) struct Recent {
    events: VecDeque<Event>,
    size: usize,
}

impl Recent {
    /// Appends `events`, which follow each other, and drops the oldest beyond the limit.
    pub(super) fn extend(&mut self, events: Vec<Event>) {
        let gap = match (self.events.back(), events.first()) {
            (Some(last), Some(first)) => last.revision + 1 != first.revision,
            _ => false,
        };
        if gap {
            self.events.clear();
            self.size = 0;
        }
        self.size += events.iter().map(size).sum::<usize>();
        self.events.extend(events);
        while self.size > MAX_SIZE
            && let Some(oldest) = self.events.pop_front()
        {
            self.size -= size(&oldest);
        }
    }

    /// The events below `prefix` after `after`, up to `until`; `None` when some of them are not here.
    pub(super) fn scan(&self, prefix: &str, after: Revision, until: Revision) -> Option<Scan> {
        let first = self.events.front()?.revision;
        let until = until.min(self.events.back()?.revision);
        if after + 1 < first || after >= until {
            return None;
        }
        let place = |revision: Revision| usize::try_from(revision - first).ok();
        let events = self
            .events
            .range(place(after + 1)?..=place(until)?)
            .filter(|event| event.key.starts_with(prefix))
            .cloned()
            .collect();
        Some(Scan { events, until })
    }
}

fn size(event: &Event) -> usize {
    let previous = event.previous.as_ref().map_or(0, |previous| previous.key.len() + previous.value.len());
    event.key.len() + event.value.len() + previous
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::EventKind;

    fn events(revisions: impl IntoIterator<Item = Revision>, size: usize) -> Vec<Event> {
        let event = |revision| Event {
            kind: EventKind::Created,
            key: format!("/{}/x", revision % 2),
            value: Bytes::from(vec![0; size]),
            previous: None,
            revision,
        };
        revisions.into_iter().map(event).collect()
    }

    fn revisions(scan: Option<Scan>) -> Option<(Vec<Revision>, Revision)> {
        scan.map(|scan| (scan.events.iter().map(|event| event.revision).collect(), scan.until))
    }

    #[test]
    fn scans_what_it_has() {
        let mut recent = Recent::default();
        assert_eq!(revisions(recent.scan("/", 0, 9)), None);
        recent.extend(events(5..=9, 1));
        assert_eq!(revisions(recent.scan("/", 4, 9)), Some((vec![5, 6, 7, 8, 9], 9)));
        assert_eq!(revisions(recent.scan("/1/", 5, 8)), Some((vec![7], 8)));
        assert_eq!(revisions(recent.scan("/", 7, 20)), Some((vec![8, 9], 9)));
        assert_eq!(revisions(recent.scan("/", 3, 9)), None);
        assert_eq!(revisions(recent.scan("/", 9, 20)), None);
    }

    #[test]
    fn a_gap_starts_afresh() {
        let mut recent = Recent::default();
        recent.extend(events(5..=6, 1));
        recent.extend(events(8..=9, 1));
        assert_eq!(revisions(recent.scan("/", 6, 9)), None);
        assert_eq!(revisions(recent.scan("/", 7, 9)), Some((vec![8, 9], 9)));
    }

    #[test]
    fn the_oldest_go_first() {
        let mut recent = Recent::default();
        recent.extend(events(1..=20, MAX_SIZE / 10));
        assert_eq!(revisions(recent.scan("/", 1, 20)), None);
        assert_eq!(revisions(recent.scan("/", 18, 20)), Some((vec![19, 20], 20)));
    }
}
