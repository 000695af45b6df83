//! What a server, or the way to it, answers instead of a result.

/// Classes of codes: connections, lost races, resources, states, an operator, the system, PostgreSQL's own faults.
const OF_THE_MOMENT: [&str; 8] = ["08", "25", "40", "53", "55P03", "57", "58", "XX"];

/// Why a statement or a connection failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// PostgreSQL's code of five characters; empty where the server was not reached.
    pub code: String,
    /// Its words, or those of whatever was in the way.
    pub message: String,
}

impl From<&tokio_postgres::Error> for Answer {
    fn from(error: &tokio_postgres::Error) -> Self {
        let code = error.code().map(|code| code.code().to_owned()).unwrap_or_default();
        let message = match error.as_db_error() {
            Some(database) => database.message().to_owned(),
            None => chain(error),
        };
        Answer { code, message }
    }
}

/// Whether an answer of this code may be another one a moment later.
pub(in crate::backend) fn is_of_the_moment(code: &str) -> bool {
    OF_THE_MOMENT.iter().any(|class| code.starts_with(class))
}

/// The error and everything behind it, in one line.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(source) = next {
        text = format!("{text}: {source}");
        next = source.source();
    }
    text
}
