//! Which parameters of PostgreSQL the owner of an object may set: decided one by one, and refused where nobody decided.
//!
//! Whoever may write one object of a namespace is no administrator of the machine that it runs on. What names a file, a
//! library or a command, steers recovery or replication, or switches off what keeps data whole is the implementation's.

mod catalogue;

use apimachinery::field::{Errors, FieldError, Path};
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::LazyLock;

/// The parameter that loads modules; its value is a list of their names.
pub const LIBRARIES: &str = "shared_preload_libraries";

/// The most bytes of a value: PostgreSQL is asked about values by its command line, and the system hands over no longer arguments than
/// four times that.
pub const LONGEST_VALUE: usize = 32 << 10;

/// The parameter that says how much memory a server takes for pages.
pub(super) const BUFFERS: &str = "shared_buffers";

/// Why a parameter is not for the owner of an object to set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// The implementation sets it: connections, encryption, archiving, where the log goes.
    Ours,
    /// It names files, folders or libraries of the server's machine.
    Files,
    /// It steers recovery or replication.
    Recovery,
    /// It can lose or damage data.
    Unsafe,
    /// It can lock out whoever manages the server.
    Lockout,
    /// It is for developers of PostgreSQL.
    Developer,
    /// It belongs to a session or a transaction.
    Session,
    /// It tells of the server and cannot be set.
    Preset,
    /// It runs code where its module is there.
    Code,
    /// No PostgreSQL from 13 to 18 has it.
    Unknown,
}

impl fmt::Display for Why {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Why::Ours => "the class's implementation sets this parameter itself",
            Why::Files => {
                "names files or libraries of the server's machine; the class's implementation sets it"
            }
            Why::Recovery => "steers recovery or replication, which is the class's implementation's to do",
            Why::Unsafe => "can lose or damage data",
            Why::Lockout => "can lock out whoever manages the server",
            Why::Developer => "is meant for developers of PostgreSQL",
            Why::Session => "belongs to a session, not to a server",
            Why::Preset => "tells of the server and cannot be set",
            Why::Code => "runs code on the server's machine, or is the class's implementation's",
            Why::Unknown => {
                "is no parameter of PostgreSQL 13 to 18; settings of extensions have a dot in their name"
            }
        })
    }
}

static CATALOGUE: LazyLock<HashMap<&'static str, Option<Why>>> = LazyLock::new(|| {
    let open = catalogue::OPEN.split_whitespace().map(|name| (name, None));
    let refused = |(why, names): &'static (Why, &'static str)| {
        names.split_whitespace().map(move |name| (name, Some(*why)))
    };
    open.chain([(LIBRARIES, None)]).chain(catalogue::REFUSED.iter().flat_map(refused)).collect()
});

/// Why a parameter may not be set; `None` where it may. Names are as PostgreSQL has them, in lower case.
pub fn refusal(name: &str) -> Option<Why> {
    match name.split_once('.') {
        Some((prefix, _)) => catalogue::REFUSED_PREFIXES.contains(&prefix).then_some(Why::Code),
        None => CATALOGUE.get(name).copied().unwrap_or(Some(Why::Unknown)),
    }
}

/// Whether a setting with a dot is of a module whose settings only tune it. Any other one is harmless only where no module
/// of that name is there.
pub fn is_known_prefix(prefix: &str) -> bool {
    catalogue::KNOWN_PREFIXES.contains(&prefix)
}

/// The modules that a value of [`LIBRARIES`] names; `Err` is what is no bare name.
pub fn libraries(value: &str) -> Result<Vec<&str>, &str> {
    let bare = |name: &str| {
        !name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
    };
    let names = value.split(',').map(str::trim);
    if value.trim().is_empty() {
        return Ok(Vec::new());
    }
    names.map(|name| if bare(name) { Ok(name) } else { Err(name) }).collect()
}

/// How many bytes a parameter asks for that PostgreSQL counts in blocks; none where that is not a whole number of a unit.
pub(super) fn bytes_of_blocks(value: &str) -> Option<u64> {
    let value = value.trim();
    let (number, unit) = value.split_at(value.find(|c: char| !c.is_ascii_digit()).unwrap_or(value.len()));
    let unit: u64 = match unit.trim_start() {
        "" => 8 << 10,
        "B" => 1,
        "kB" => 1 << 10,
        "MB" => 1 << 20,
        "GB" => 1 << 30,
        "TB" => 1 << 40,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(unit)
}

/// What of `parameters` may not be set, whoever answers the object.
pub(super) fn validate(parameters: &BTreeMap<String, String>, path: &Path, errors: &mut Errors) {
    for (name, value) in parameters {
        let at = path.key(name);
        let first = name.starts_with(|character: char| character.is_ascii_lowercase());
        let rest = name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '.');
        if !first || !rest {
            let detail = "a parameter is named by lower-case letters, digits, '_' and '.'";
            errors.push(FieldError::invalid(&at, &**name, detail));
        } else if let Some(why) = refusal(name) {
            errors.push(FieldError::forbidden(&at, &why.to_string()));
        } else if value.len() > LONGEST_VALUE {
            errors.push(FieldError::too_long(&at, LONGEST_VALUE));
        } else if name == LIBRARIES
            && let Err(wrong) = libraries(value)
        {
            let detail = "lists modules by their bare names, separated by commas";
            errors.push(FieldError::invalid(&at, wrong, detail));
        } else if value.contains(char::is_control) {
            errors.push(FieldError::invalid(&at, &**value, "must not contain control characters"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn what_loads_code_moves_files_runs_commands_or_ends_replication_is_refused() {
        for name in [
            "jit_provider",
            "log_directory",
            "log_filename",
            "archive_mode",
            "archive_library",
            "recovery_target",
            "recovery_target_action",
            "primary_conninfo",
            "hot_standby",
            "include",
            "external_pid_file",
            "plperl.on_init",
            "basebackup_to_shell.command",
            "basic_archive.archive_directory",
            "allow_system_table_mods",
            "fsync",
            "superuser_reserved_connections",
            "of_tomorrow",
        ] {
            assert!(refusal(name).is_some(), "{name}");
        }
        for name in
            ["work_mem", "max_connections", "log_statement", "pg_stat_statements.track", "my_app.tenant"]
        {
            assert_eq!(refusal(name), None, "{name}");
        }
    }

    #[test]
    fn a_value_has_an_end() {
        let faults = |length: usize| {
            let (parameters, mut errors) =
                (BTreeMap::from([("search_path".to_owned(), "ä".repeat(length / 2))]), Errors::new());
            validate(&parameters, &Path::new("spec").child("parameters"), &mut errors);
            errors.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert_eq!(faults(LONGEST_VALUE), Vec::<String>::new());
        assert_eq!(
            faults(LONGEST_VALUE + 2),
            ["spec.parameters[search_path]: Too long: may not be more than 32768 bytes"]
        );
    }

    #[test]
    fn no_parameter_is_decided_twice() {
        let refused = catalogue::REFUSED.iter().flat_map(|(_, names)| names.split_whitespace());
        let all: Vec<&str> = catalogue::OPEN.split_whitespace().chain(refused).collect();
        assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len());
        let known = catalogue::KNOWN_PREFIXES.iter();
        assert!(!known.into_iter().any(|prefix| catalogue::REFUSED_PREFIXES.contains(prefix)));
    }

    #[test]
    fn amounts_of_blocks_are_read_as_the_server_reads_them() {
        let read = ["16384", "128MB", " 2 GB", "1TB", "1024kB", "7B"].map(bytes_of_blocks);
        let bytes: [u64; 6] = [128 << 20, 128 << 20, 2 << 30, 1 << 40, 1 << 20, 7];
        assert_eq!(read, bytes.map(Some));
        for other in ["", "MB", "lots", "128mb", "-1", "99999999999999999999", "9999999999TB"] {
            assert_eq!(bytes_of_blocks(other), None, "{other}");
        }
    }

    #[test]
    fn modules_are_named_barely() {
        assert_eq!(
            libraries("pg_stat_statements, auto_explain"),
            Ok(vec!["pg_stat_statements", "auto_explain"])
        );
        assert_eq!(libraries(" "), Ok(vec![]));
        for wrong in ["/tmp/evil", "$libdir/plugins/x", "a,../x", "\"a\"", "a;b", "evil.so"] {
            assert!(libraries(wrong).is_err(), "{wrong}");
        }
    }
}
