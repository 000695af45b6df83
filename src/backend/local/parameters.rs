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
        if value.len() > policy::LONGEST_VALUE {
            let most = policy::LONGEST_VALUE;
            return Err(invalid(format!(
                "the value of parameter {name} is longer than {most} bytes; shorten it"
            )));
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

/// What PostgreSQL says is wrong, without time stamps and process ids; none where it says nothing of that.
pub(super) fn complaint(log: &str) -> Option<String> {
    const WRONG: [&str; 3] = ["FATAL:  ", "PANIC:  ", "ERROR:  "];
    const MORE: [&str; 2] = ["DETAIL:  ", "HINT:  "];
    // Clients that come too early are told so, which is no fault.
    const TOO_EARLY: &str = "the database system is ";
    const LONGEST: usize = 1000;
    let mut said: Vec<&str> = Vec::new();
    let mut is_of_fault = false;
    for line in log.lines().filter(|line| !line.starts_with('\t')) {
        let fault = after(line, &WRONG).filter(|text| !text.starts_with(TOO_EARLY));
        let more = after(line, &MORE);
        is_of_fault = fault.is_some() || is_of_fault && more.is_some();
        let news = fault.or(more).filter(|text| is_of_fault && said.last() != Some(text));
        said.extend(news);
    }
    let text = if said.is_empty() { last_word(log)?.to_owned() } else { said.join("; ") };
    Some(cut(&text, LONGEST))
}

/// What comes after one of the words in a line.
fn after<'a>(line: &'a str, words: &[&str]) -> Option<&'a str> {
    words.iter().find_map(|word| line.split_once(word)).map(|(_, text)| text.trim())
}

/// What a process was ended by, or what a program said that knows no levels; `pg_ctl` says as well that it failed.
fn last_word(log: &str) -> Option<&str> {
    const NOTHING: [&str; 3] = [
        "Examine the log output.",
        "pg_ctl: could not start server",
        "pg_ctl: another server might be running; trying to start server anyway",
    ];
    const LEVELS: [&str; 5] = ["LOG:  ", "FATAL:  ", "DETAIL:  ", "HINT:  ", "STATEMENT:  "];
    let lines = || log.lines().map(str::trim).filter(|line| !line.is_empty() && !NOTHING.contains(line));
    let killed = lines().find(|line| line.contains("was terminated by signal"));
    killed
        .and_then(|line| after(line, &["LOG:  "]))
        .or_else(|| lines().rfind(|line| after(line, &LEVELS).is_none()))
}

/// The beginning of a text.
fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// Parameters in a sentence, long values cut.
pub(super) fn told<'a>(parameters: impl IntoIterator<Item = (&'a String, &'a String)>) -> String {
    const SHOWN: usize = 60;
    const LONGEST: usize = 600;
    let all = parameters.into_iter().map(|(name, value)| format!("{name}={}", cut(value, SHOWN)));
    cut(&all.collect::<Vec<_>>().join(", "), LONGEST)
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
        assert!(!accepts("search_path", &"a".repeat(policy::LONGEST_VALUE + 1)));
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
        assert_eq!(complaint(log).as_deref(), Some("no; yes"));
        assert_eq!(complaint("a\nb").as_deref(), Some("b"));
        let long = complaint(&format!("FATAL:  {}", "x".repeat(2000))).expect("a complaint");
        assert_eq!(long.chars().count(), 1001);
    }

    #[test]
    fn a_complaint_is_never_that_there_is_a_log() {
        const AT: &str = "2026-11-28 23:26:47.307 UTC [28292] ";
        const PG_CTL: &str = "pg_ctl: could not start server\nExamine the log output.";
        let check = |log: &str, said: Option<&str>| assert_eq!(complaint(log).as_deref(), said, "{log}");
        check(PG_CTL, None);
        check("", None);
        let early = format!("{AT}FATAL:  the database system is starting up\n{AT}DETAIL:  soon");
        check(&format!("{AT}LOG:  starting PostgreSQL 15.18\n{early}"), None);
        let reserved =
            "postgres: superuser_reserved_connections (200) must be less than max_connections (100)";
        check(&format!("{reserved}\n{PG_CTL}"), Some(reserved));
        check(
            &format!(
                "{AT}FATAL:  could not access file \"nosuch\": No such file or directory\n{AT}LOG:  database system is shut down"
            ),
            Some("could not access file \"nosuch\": No such file or directory"),
        );
        check(
            &format!(
                "{AT}LOG:  could not bind\n{AT}HINT:  Wait.\n{AT}FATAL:  no sockets\n{AT}FATAL:  no sockets\n{AT}DETAIL:  none"
            ),
            Some("no sockets; none"),
        );
        let killed = "startup process (PID 7) was terminated by signal 9: Killed";
        check(&format!("{AT}LOG:  {killed}\n{AT}LOG:  database system is shut down"), Some(killed));
    }

    #[test]
    fn parameters_are_told_in_short() {
        let all =
            [("a", "1".to_owned()), ("b", "ä".repeat(61))].map(|(name, value)| (name.to_owned(), value));
        assert_eq!(told(&Parameters::from(all)), format!("a=1, b={}…", "ä".repeat(60)));
    }
}
