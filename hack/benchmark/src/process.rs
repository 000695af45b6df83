//! A program under measurement: started here, ended here, its CPU and memory read from `/proc`.

use crate::error::Error;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// The unit of CPU times in `/proc`: Linux shows hundredths of a second to programs, whatever the kernel counts in.
const TICK: Duration = Duration::from_millis(10);

/// A running program; it is killed when dropped.
pub struct Process {
    child: Child,
}

impl Process {
    /// Starts `command`; what it says goes to the file `log`.
    pub fn spawn(mut command: Command, log: &Path) -> Result<Self, Error> {
        let program = command.get_program().to_owned();
        let file = std::fs::File::create(log).map_err(|source| Error::file(log, source))?;
        let child = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(file)
            .spawn()
            .map_err(|error| Error::program(Path::new(&program), error))?;
        Ok(Process { child })
    }

    /// Asks it to end, and waits until it has.
    pub fn stop(mut self) {
        if let Ok(pid) = i32::try_from(self.child.id()) {
            let _ = kill(Pid::from_raw(pid), Signal::SIGTERM);
        }
        let _ = self.child.wait();
    }

    /// What it has used.
    pub fn cpu(&self) -> Duration {
        cpu(self.child.id())
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Its resident memory in bytes.
    pub fn resident(&self) -> u64 {
        resident(self.child.id())
    }

    /// Fails when it has ended, with the end of its log.
    pub fn check(&mut self, log: &Path) -> Result<(), Error> {
        match self.child.try_wait() {
            Ok(None) => Ok(()),
            ended => {
                let text = std::fs::read_to_string(log).unwrap_or_default();
                let last = text.lines().last().unwrap_or_default();
                Err(Error::Wrong(format!("a server ended ({ended:?}): {last}")))
            }
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The resident memory of a process in bytes.
pub fn resident(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap_or_default() * 1024
}

/// User and system time of a process, all its threads, dead ones too.
pub fn cpu(pid: u32) -> Duration {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    // The name may hold blanks and parentheses; the fields begin after the last one.
    let fields = stat.rsplit_once(") ").map_or("", |(_, fields)| fields);
    let ticks = fields.split(' ').skip(11).take(2).filter_map(|field| field.parse::<u32>().ok()).sum();
    TICK * ticks
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Instant;

    #[test]
    fn work_shows_as_cpu_time() {
        let begin = Instant::now();
        while begin.elapsed() < TICK * 5 || cpu(std::process::id()) < TICK {
            std::hint::spin_loop();
        }
        assert!(cpu(std::process::id()) <= begin.elapsed() * 64 + Duration::from_secs(60));
    }
}
