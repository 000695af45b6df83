//! Server parameters: which ones a caller may set, how they are written, and whether PostgreSQL takes them.

use super::account::{Account, Readers};
use super::error::Error;
use super::install::Install;
use super::layout::ServerFolder;
use super::state::Parameters;

/// Parameters that run programs, load code or move files, and those this backend sets itself.
const DENIED: [&str; 27] = [
    "archive_cleanup_command",
    "archive_command",
    "archive_library",
    "cluster_name",
    "config_file",
    "data_directory",
    "external_pid_file",
    "hba_file",
    "hot_standby",
    "ident_file",
    "include",
    "include_dir",
    "include_if_exists",
    "krb_server_keyfile",
    "listen_addresses",
    "local_preload_libraries",
    "password_encryption",
    "port",
    "primary_conninfo",
    "primary_slot_name",
    "promote_trigger_file",
    "recovery_end_command",
    "restore_command",
    "session_preload_libraries",
    "ssl",
    "synchronous_standby_names",
    "wal_level",
];

fn is_denied(name: &str) -> bool {
    DENIED.contains(&name)
        || name.ends_with("_library_path")
        || name.starts_with("ssl_")
        || name.starts_with("unix_socket_")
        || name.starts_with("databases_standard.")
}

/// Refuses what is not for the caller to set, or would not stay one line of the configuration.
pub(super) fn check(parameters: &Parameters) -> Result<(), Error> {
    for (name, value) in parameters {
        let well_formed = name.starts_with(|first: char| first.is_ascii_lowercase())
            && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '.');
        if !well_formed {
            return Err(invalid(format!(
                "{name:?} is not the name of a parameter; use lower case, as in work_mem"
            )));
        }
        if is_denied(name) {
            return Err(invalid(format!("parameter {name} is set by the backend; remove it")));
        }
        if value.contains(char::is_control) {
            return Err(invalid(format!("the value of parameter {name} has a control character; remove it")));
        }
    }
    Ok(())
}

/// Asks PostgreSQL whether it would take the parameters: of an empty configuration, so that neither the running server
/// nor what it is configured with matters.
pub(super) async fn validate(
    account: &Account,
    install: &Install,
    folder: &ServerFolder,
    parameters: &Parameters,
) -> Result<(), Error> {
    let empty = folder.conf("empty.conf");
    account.write(&empty, b"", Readers::Server)?;
    let data = folder.data();
    let mut command = account.command(&install.program("postgres"), &data);
    command.arg("-D").arg(&data).args(["-C", "port", "-c"]).arg(format!("config_file={}", empty.display()));
    for (name, value) in parameters {
        command.arg("-c").arg(format!("{name}={value}"));
    }
    match account.run(&mut command).await {
        Ok(_) => Ok(()),
        Err(Error::Program { output, .. }) => Err(invalid(complaint(&output))),
        Err(error) => Err(error),
    }
}

/// A line of the configuration.
pub(super) fn line(name: &str, value: &str) -> String {
    format!("{name} = '{}'\n", value.replace('\\', "\\\\").replace('\'', "''"))
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

fn invalid(message: String) -> Error {
    Error::InvalidParameters(message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_that_run_programs_or_move_files_are_refused() {
        let accepts =
            |name: &str, value: &str| check(&Parameters::from([(name.to_owned(), value.to_owned())])).is_ok();
        for name in
            ["work_mem", "shared_preload_libraries", "pg_stat_statements.track", "log_min_duration_statement"]
        {
            assert!(accepts(name, "1"), "{name}");
        }
        for name in
            ["archive_command", "dynamic_library_path", "ssl_passphrase_command", "port", "include", "Work"]
        {
            assert!(!accepts(name, "1"), "{name}");
        }
        assert!(!accepts("work_mem", "1\nport = 1"));
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
