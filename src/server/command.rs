//! A command of an API's own, beside those that serve.

use clap::{ArgMatches, Args, Error};
use futures_util::future::LocalBoxFuture;
use std::process::ExitCode;

type Start = Box<dyn Fn(&ArgMatches) -> Result<LocalBoxFuture<'static, ExitCode>, Error> + Send + Sync>;

/// A word of the command line, its flags, and what is done.
pub struct Command {
    pub(super) line: clap::Command,
    start: Start,
}

impl Command {
    /// A command whose flags are the fields of `F`.
    pub fn new<F: Args + 'static>(
        name: &'static str,
        about: &'static str,
        run: fn(F) -> LocalBoxFuture<'static, ExitCode>,
    ) -> Self {
        let line = F::augment_args(clap::Command::new(name)).about(about);
        Command { line, start: Box::new(move |matches| F::from_arg_matches(matches).map(run)) }
    }

    /// What the command line asks it to do.
    pub(super) fn start(&self, matches: &ArgMatches) -> Result<LocalBoxFuture<'static, ExitCode>, Error> {
        (self.start)(matches)
    }
}
