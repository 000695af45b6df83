//! The audit log as the flags say.

use super::Error;
use super::options::{AuditFlags, AuditMode};
use crate::pipeline::Audit;
use crate::pipeline::audit::{Log, Mode, Policy, Rotation, Target};
use crate::telemetry::AuditMetrics;
use std::sync::Arc;

/// What records requests, if the flags ask for it.
pub(super) fn open(flags: &AuditFlags, metrics: &AuditMetrics) -> Result<Option<Arc<Audit>>, Error> {
    let (Some(file), Some(path)) = (&flags.audit_policy_file, &flags.audit_log_path) else { return Ok(None) };
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
