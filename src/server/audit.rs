//! The audit log as the flags say.

use super::Error;
use super::options::{AuditFlags, AuditMode};
use crate::pipeline::Audit;
use crate::pipeline::audit::{Log, Mode, Policy, Rotation, Target};
use crate::telemetry::AuditMetrics;
use std::sync::Arc;

/// What records requests, if the flags ask for it.
pub(super) fn open(flags: &AuditFlags, metrics: &AuditMetrics) -> Result<Option<Arc<Audit>>, Error> {
    let Some(path) = &flags.audit_log_path else { return Ok(None) };
    let Some(file) = &flags.audit_policy_file else {
        tracing::warn!(log = %path.display(), "nothing is recorded: give --audit-policy-file, which says what is");
        return Ok(None);
    };
    let told = |reason: String| Error::Flags(format!("--audit-policy-file: {}: {reason}", file.display()));
    let text = std::fs::read(file).map_err(|error| told(format!("it cannot be read: {error}")))?;
    let policy = Policy::parse(&text).map_err(told)?;
    let rotation = Rotation {
        megabytes: flags.audit_log_maxsize,
        days: flags.audit_log_maxage,
        files: flags.audit_log_maxbackup,
    };
    let target =
        if path.as_os_str() == "-" { Target::Standard } else { Target::File(path.clone(), rotation) };
    let mode = match flags.audit_log_mode {
        AuditMode::Batch => Mode::Batch(flags.audit_log_batch_buffer_size as usize),
        AuditMode::Blocking => Mode::Blocking,
        AuditMode::BlockingStrict => Mode::BlockingStrict,
    };
    let log = Log::open(target, mode, metrics.clone()).map_err(|error| {
        Error::Flags(format!("--audit-log-path: {} cannot be written: {error}", path.display()))
    })?;
    let largest =
        flags.audit_log_truncate_enabled.then_some(flags.audit_log_truncate_max_event_size as usize);
    tracing::info!(policy = %file.display(), log = %path.display(), "requests are recorded");
    Ok(Some(Arc::new(Audit::new(policy, log, largest, metrics.clone()))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        audit: AuditFlags,
    }

    /// Whether requests are recorded with these flags, or why the server does not start.
    fn opened(flags: &[&str]) -> Result<bool, String> {
        let line = Line::try_parse_from(["serve"].iter().chain(flags)).map_err(|error| error.to_string())?;
        open(&line.audit, &AuditMetrics::default())
            .map(|audit| audit.is_some())
            .map_err(|error| error.to_string())
    }

    #[test]
    fn what_cannot_be_recorded_as_the_flags_say_stops_the_start() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            format!("--audit-policy-file={}", path.display())
        };
        let head = "apiVersion: audit.k8s.io/v1\nkind: Policy\nrules:\n";
        let good = file("good", &format!("{head}- level: Metadata\n"));
        let bad = file("bad", &format!("{head}- level: Metadata\n  users: joe\n- level: All\n"));
        let log = format!("--audit-log-path={}", folder.path().join("new/audit.log").display());
        assert_eq!(opened(&[]), Ok(false));
        assert_eq!(opened(&[&log]), Ok(false), "as kube-apiserver does, which warns of it");
        assert_eq!(opened(&[&good, &log, "--audit-log-mode=batch"]), Ok(true));
        assert_eq!(opened(&[&good, "--audit-log-path=-", "--audit-log-mode=blocking-strict"]), Ok(true));
        for (flags, said) in [
            (&[&*good][..], "--audit-log-path"),
            (&[&good, &log, "--audit-log-format=legacy"], "events are written as json"),
            (&[&good, &log, "--audit-log-mode=sometimes"], "blocking-strict"),
            (&[&good, "--audit-log-path=/dev/null/log"], "--audit-log-path: /dev/null/log cannot be written"),
            (&["--audit-policy-file=/none", &log], "--audit-policy-file: /none: it cannot be read"),
            (&[&bad, &log], "rules[0]: invalid type: string \"joe\""),
            (&[&bad, &log], "rules[1]: unknown variant `All`, expected one of `None`, `Metadata`"),
        ] {
            let error = opened(flags).unwrap_err();
            assert!(error.contains(said), "{flags:?}: {error}");
        }
    }
}
