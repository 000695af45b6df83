//! Whether a status speaks of the object as it is.
//!
//! Not every operator says which generation it looked at. What it wrote after we wrote is about what we wrote; and what it
//! has not written by some seconds later, it had no reason to write.

use super::shape::at;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

/// An operator takes no longer to notice a change.
const NOTICED: SignedDuration = SignedDuration::from_secs(10);

/// Whether the status of this object is about what the field manager applied last.
pub(super) fn is_current(object: &Value, manager: &str, now: Timestamp) -> bool {
    let entries = object["metadata"]["managedFields"].as_array().map_or(&[][..], Vec::as_slice);
    let last = |is_wanted: &dyn Fn(&Value) -> bool| {
        let times = entries.iter().filter(|entry| is_wanted(entry));
        times.filter_map(|entry| at(entry, "time").parse::<Timestamp>().ok()).max()
    };
    let is_status = |entry: &Value| {
        let apart = at(entry, "subresource") == "status";
        // Where a kind has its status in the object, its entry says so.
        apart || entry["manager"] != manager && entry["fieldsV1"]["f:status"].is_object()
    };
    let Some(ours) = last(&|entry| entry["manager"] == manager && !is_status(entry)) else { return true };
    // Times are whole seconds: one that is the same may be of before.
    last(&is_status).is_some_and(|theirs| theirs > ours) || now.duration_since(ours) >= NOTICED
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_status_from_before_a_change_is_not_about_it() {
        let entry = |manager: &str, subresource: &str, second: u32| json!({"manager": manager, "subresource": subresource, "time": format!("2026-01-01T00:00:{second:02}Z")});
        let object = |ours: u32, theirs: u32| {
            let entries = [entry("we", "", ours), entry("they", "status", theirs), entry("we", "status", 59)];
            json!({"metadata": {"managedFields": entries[..2]}})
        };
        let now =
            |second: u32| format!("2026-01-01T00:00:{second:02}Z").parse::<Timestamp>().expect("a time");
        assert!(!is_current(&object(5, 4), "we", now(6)));
        assert!(!is_current(&object(5, 5), "we", now(6)), "it may be of before");
        assert!(is_current(&object(5, 6), "we", now(6)));
        assert!(is_current(&object(5, 4), "we", now(15)), "nothing was to be done");
        assert!(is_current(&object(5, 4), "somebody", now(5)), "nobody changed it");
        assert!(is_current(&json!({}), "we", now(5)));
        let mut inside = object(5, 6);
        inside["metadata"]["managedFields"][1]["subresource"] = Value::Null;
        assert!(!is_current(&inside, "we", now(6)), "somebody changed something else");
        inside["metadata"]["managedFields"][1]["fieldsV1"] = json!({"f:status": {}});
        assert!(is_current(&inside, "we", now(6)), "the status is in the object");
    }
}
