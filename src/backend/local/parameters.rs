//! Server parameters: which ones a caller may set, and how they are written.

use super::error::Error;
use super::install::Install;
use super::state::Parameters;
pub(super) use crate::backend::postgresql::line;
use databases_api::postgresql::parameters as policy;

/// Refuses what is not for the caller to set, or would not stay one line of the configuration. Admission says the same
/// earlier, of what is written through the API now; this holds for what was stored before, too.
pub(super) fn check(parameters: &Parameters) -> Result<(), Error> {
    for (name, value) in parameters {
        let well_formed = name.starts_with(|first: char| first.is_ascii_lowercase())
            && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '.');
        if !well_formed {
            return Err(invalid(format!(
                "{name:?} is not the name of a parameter; use lower case, as in work_mem"
            )));
        }
        if let Some(why) = policy::refusal(name) {
            return Err(invalid(format!("parameter {name} {why}; remove it")));
        }
        if value.contains(char::is_control) {
            return Err(invalid(format!("the value of parameter {name} has a control character; remove it")));
        }
    }
    Ok(())
}

/// Refuses modules that are not offered, and settings of modules that nobody looked at.
pub(super) fn check_modules(parameters: &Parameters, install: &Install) -> Result<(), Error> {
    let offered = install.libraries();
    for (name, value) in parameters {
        if name == policy::LIBRARIES {
            let listed = policy::libraries(value)
                .map_err(|wrong| invalid(format!("{name} lists bare names of modules; {wrong:?} is none")))?;
            if let Some(other) = listed.iter().find(|listed| !offered.iter().any(|name| name == *listed)) {
                let offered = offered.join(", ");
                return Err(invalid(format!("{name} may not name {other}; there is {offered}")));
            }
        } else if let Some((prefix, _)) = name.split_once('.')
            && !policy::is_known_prefix(prefix)
            && install.has_module(prefix)
        {
            return Err(invalid(format!(
                "parameter {name} is of a module that is not managed here; remove it"
            )));
        }
    }
    Ok(())
}

/// What of `parameters` may be set: what an instance of before was given may be more.
pub(super) fn permitted(parameters: &Parameters) -> Parameters {
    let open = |(name, value): &(&String, &String)| {
        policy::refusal(name).is_none() && (*name != policy::LIBRARIES || policy::libraries(value).is_ok())
    };
    parameters.iter().filter(open).map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// What PostgreSQL says is wrong, without time stamps and process ids.
pub(super) fn complaint(log: &str) -> String {
    const KEPT: [&str; 5] = ["FATAL:  ", "PANIC:  ", "ERROR:  ", "DETAIL:  ", "HINT:  "];
    let words =
        |line: &str| KEPT.iter().find_map(|key| line.split_once(key)).map(|(_, text)| text.trim().to_owned());
    let kept: Vec<String> = log.lines().filter_map(words).collect();
    let text = if kept.is_empty() {
        log.trim().lines().last().unwrap_or("no output").to_owned()
    } else {
        kept.join("; ")
    };
    text.chars().take(1000).collect()
}

/// Parameters in a sentence, long values cut.
pub(super) fn told<'a>(parameters: impl IntoIterator<Item = (&'a String, &'a String)>) -> String {
    const SHOWN: usize = 60;
    let short = |value: &String| match value.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", value.get(..end).unwrap_or_default()),
        None => value.clone(),
    };
    let all = parameters.into_iter().map(|(name, value)| format!("{name}={}", short(value)));
    all.collect::<Vec<_>>().join(", ")
}

/// A refusal of parameters.
pub(super) fn invalid(message: String) -> Error {
    Error::InvalidParameters(message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_policy_refuses_is_refused_here_too() {
        let accepts =
            |name: &str, value: &str| check(&Parameters::from([(name.to_owned(), value.to_owned())])).is_ok();
        for name in ["work_mem", "pg_stat_statements.track", "log_min_duration_statement"] {
            assert!(accepts(name, "1"), "{name}");
        }
        for name in
            ["archive_command", "jit_provider", "log_directory", "recovery_target", "Work", "of_tomorrow"]
        {
            assert!(!accepts(name, "1"), "{name}");
        }
        assert!(!accepts("work_mem", "1\nport = 1"));
    }

    #[test]
    fn what_was_stored_before_is_not_run_with() {
        let before = Parameters::from([
            ("jit_provider".to_owned(), "/tmp/evil".to_owned()),
            ("shared_preload_libraries".to_owned(), "/tmp/evil.so".to_owned()),
            ("work_mem".to_owned(), "8MB".to_owned()),
        ]);
        assert_eq!(permitted(&before).into_keys().collect::<Vec<_>>(), ["work_mem"]);
    }

    #[test]
    fn a_value_cannot_leave_its_quotes() {
        assert_eq!(line("a", r"it's \ fine"), "a = 'it''s \\\\ fine'\n");
    }

    #[test]
    fn the_complaint_is_what_was_fatal() {
        let log =
            "2026-01-01 00:00:00 UTC [7] LOG:  starting\n2026-01-01 00:00:00 UTC [7] FATAL:  no\nHINT:  yes";
        assert_eq!(complaint(log), "no; yes");
        assert_eq!(complaint("a\nb"), "b");
    }
}
