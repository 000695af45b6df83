//! What the person sees: a spinner on a terminal, plain lines elsewhere.

use std::io::{IsTerminal, Write};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

/// Prints stages, items, and what is being waited for.
pub struct Display {
    is_terminal: bool,
    /// There only while something is being waited for.
    spinner: Option<ProgressBar>,
    said: String,
}

impl Display {
    /// A display that suits stdout.
    pub fn new() -> Self {
        Self { is_terminal: std::io::stdout().is_terminal(), spinner: None, said: String::new() }
    }

    /// A step begins.
    pub fn stage(&mut self, text: &str) {
        self.line(&format!("==> {text}"));
    }

    /// A detail of the step.
    pub fn item(&mut self, text: &str) {
        self.line(&format!("    {text}"));
    }

    /// What is being waited for now; a repetition prints nothing.
    pub fn waiting(&mut self, text: &str) {
        if self.said == text {
            return;
        }
        text.clone_into(&mut self.said);
        if self.is_terminal {
            self.spinner.get_or_insert_with(spinner).set_message(text.to_owned());
        } else {
            self.item(&format!("waiting: {text}"));
        }
    }

    /// Nothing is being waited for any more.
    pub fn settled(&mut self) {
        self.said.clear();
        if let Some(spinner) = self.spinner.take() {
            spinner.finish_and_clear();
        }
    }

    /// A line as it is. A closed stdout is no reason to stop.
    pub fn line(&mut self, text: &str) {
        match &self.spinner {
            Some(spinner) => spinner.suspend(|| print(text)),
            None => print(text),
        }
    }
}

impl Default for Display {
    fn default() -> Self {
        Self::new()
    }
}

fn print(text: &str) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{text}").and_then(|()| out.flush());
}

fn spinner() -> ProgressBar {
    let style = ProgressStyle::with_template("    {spinner} {elapsed} {wide_msg}")
        .unwrap_or_else(|_| ProgressStyle::default_spinner());
    let spinner = ProgressBar::new_spinner().with_style(style);
    spinner.enable_steady_tick(Duration::from_millis(100));
    spinner
}
