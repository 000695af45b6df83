//! What our sessions run with, set in their startup packet: that goes before the configuration and before what `ALTER ROLE` and
//! `ALTER DATABASE` set. Statements are bounded, and names are looked up in `pg_catalog` alone.

/// What every role may set. Nothing of ours waits for replicas: those may be what is being repaired.
const SETTINGS: [(&str, &str); 34] = [
    ("statement_timeout", "60s"),
    ("lock_timeout", "10s"),
    ("idle_in_transaction_session_timeout", "0"),
    ("synchronous_commit", "local"),
    ("search_path", "pg_catalog"),
    ("role", "none"),
    ("local_preload_libraries", ""),
    ("default_transaction_read_only", "off"),
    ("default_transaction_isolation", "read committed"),
    ("default_transaction_deferrable", "off"),
    ("default_tablespace", ""),
    ("temp_tablespaces", ""),
    ("default_table_access_method", "heap"),
    ("standard_conforming_strings", "on"),
    ("escape_string_warning", "off"),
    ("backslash_quote", "safe_encoding"),
    ("quote_all_identifiers", "off"),
    ("transform_null_equals", "off"),
    ("array_nulls", "on"),
    ("check_function_bodies", "on"),
    ("row_security", "on"),
    ("exit_on_error", "off"),
    ("post_auth_delay", "0"),
    ("datestyle", "ISO"),
    ("intervalstyle", "postgres"),
    ("timezone", "UTC"),
    ("bytea_output", "hex"),
    ("extra_float_digits", "1"),
    ("client_min_messages", "warning"),
    ("ignore_system_indexes", "off"),
    ("jit", "off"),
    ("max_parallel_workers_per_gather", "0"),
    ("debug_print_parse", "off"),
    ("debug_print_rewritten", "off"),
];
/// What superusers alone may set: nothing of ours is logged or shown, and no code of others runs.
const OF_SUPERUSERS: [(&str, &str); 12] = [
    ("session_replication_role", "origin"),
    ("session_preload_libraries", ""),
    ("lc_messages", "C"),
    ("zero_damaged_pages", "off"),
    ("allow_system_table_mods", "off"),
    ("track_activities", "off"),
    ("log_statement", "none"),
    ("log_duration", "off"),
    ("log_min_duration_statement", "-1"),
    ("log_transaction_sample_rate", "0"),
    ("log_min_error_statement", "panic"),
    ("pg_stat_statements.track", "none"),
];
/// What newer versions add.
const NEWER: [(u32, &str, &str); 3] =
    [(14, "idle_session_timeout", "0"), (17, "transaction_timeout", "0"), (17, "event_triggers", "off")];

/// The settings of any role, for a startup packet.
pub(in crate::backend) fn options() -> String {
    SETTINGS.iter().map(|(name, value)| option(name, value)).collect()
}

/// The settings of a superuser of a server of this version, for a startup packet.
pub(in crate::backend) fn superuser_options(major: u32) -> String {
    let newer = NEWER.iter().filter(|(since, ..)| *since <= major).map(|(_, name, value)| (name, value));
    let more = OF_SUPERUSERS.iter().map(|(name, value)| (name, value)).chain(newer);
    options() + &more.map(|(name, value)| option(name, value)).collect::<String>()
}

fn option(name: &str, value: &str) -> String {
    format!("-c {name}={} ", value.replace(' ', "\\ "))
}
