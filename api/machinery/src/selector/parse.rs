//! The text form of label selectors (L-30): `a=b,c==d,e!=f,g in (x,y),h notin (z),i,!j,k>1,l<2`.

use super::label::key_fault;
use super::{LabelRequirement, LabelSelector, Operator};
use crate::field::{Errors, Path, aggregate};
use crate::go::quoted;
use std::collections::BTreeSet;
use std::str::FromStr;

/// Why a text is not a label selector.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs)]
pub enum LabelSelectorError {
    /// One requirement has a fault.
    #[error("unable to parse requirement: {0}")]
    Requirement(Box<LabelSelectorError>),
    /// Something else stands there.
    #[error("found '{found}', expected: {expected}")]
    Found { found: String, expected: &'static str },
    /// `in` and `notin` want a set.
    #[error("found '{0}' expected: '('")]
    NoSet(String),
    /// The key, or values, are not what the operator takes.
    #[error("{}", aggregate(.0))]
    Faults(Errors),
    /// The operator of a selector in an object is not known.
    #[error("{} is not a valid label selector operator", quoted(.0))]
    Operator(String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token<'a> {
    Word(&'a str),
    Symbol(&'a str),
    End,
}

impl<'a> Token<'a> {
    fn text(self) -> &'a str {
        match self {
            Token::Word(text) | Token::Symbol(text) => text,
            Token::End => "",
        }
    }

    fn is_end_or(self, symbol: &str) -> bool {
        matches!(self, Token::End) || self == Token::Symbol(symbol)
    }
}

const SYMBOLS: [char; 7] = ['=', '!', '(', ')', ',', '>', '<'];

/// A zero byte ends the token before it, and where there is none, the text.
fn tokens(text: &str) -> Vec<Token<'_>> {
    let space = |c: char| matches!(c, ' ' | '\t' | '\r' | '\n');
    let mut out = Vec::new();
    let mut rest = text.trim_start_matches(space);
    while !rest.is_empty() && !rest.starts_with('\0') {
        let length = match rest.find(|c| SYMBOLS.contains(&c) || space(c) || c == '\0') {
            Some(0) if rest.starts_with("==") || rest.starts_with("!=") => 2,
            Some(0) => 1,
            found => found.unwrap_or(rest.len()),
        };
        let (token, tail) = rest.split_at(length);
        out.push(if token.starts_with(SYMBOLS) { Token::Symbol(token) } else { Token::Word(token) });
        rest = tail.strip_prefix('\0').unwrap_or(tail).trim_start_matches(space);
    }
    out
}

struct Parser<'a> {
    tokens: Vec<Token<'a>>,
    position: usize,
}

type Parsed<T> = Result<T, LabelSelectorError>;

fn found<T>(token: Token<'_>, expected: &'static str) -> Parsed<T> {
    Err(LabelSelectorError::Found { found: token.text().to_owned(), expected })
}

impl FromStr for LabelSelector {
    type Err = LabelSelectorError;

    fn from_str(text: &str) -> Parsed<Self> {
        let mut parser = Parser { tokens: tokens(text), position: 0 };
        let mut requirements = Vec::new();
        loop {
            match parser.peek() {
                Token::End if requirements.is_empty() => break,
                Token::Word(_) | Token::Symbol("!") => {}
                other if requirements.is_empty() => return found(other, "!, identifier, or 'end of string'"),
                other => return found(other, "identifier after ','"),
            }
            let requirement = parser.requirement();
            requirements.push(requirement.map_err(|error| LabelSelectorError::Requirement(Box::new(error)))?);
            match parser.next() {
                Token::End => break,
                Token::Symbol(",") => {}
                other => return found(other, "',' or 'end of string'"),
            }
        }
        Ok(LabelSelector::new(requirements))
    }
}

impl<'a> Parser<'a> {
    fn peek(&self) -> Token<'a> {
        self.tokens.get(self.position).copied().unwrap_or(Token::End)
    }

    fn next(&mut self) -> Token<'a> {
        let token = self.peek();
        self.position += 1;
        token
    }

    fn requirement(&mut self) -> Parsed<LabelRequirement> {
        let absent = self.peek() == Token::Symbol("!");
        if absent {
            self.next();
        }
        let key = match self.next() {
            Token::Word(key) => key,
            other => return found(other, "identifier"),
        };
        if let Some(fault) = key_fault(&Path::new("<nil>"), key) {
            return Err(LabelSelectorError::Faults(vec![fault]));
        }
        if absent {
            return LabelRequirement::new(key, Operator::DoesNotExist, Vec::new());
        }
        if self.peek().is_end_or(",") {
            return LabelRequirement::new(key, Operator::Exists, Vec::new());
        }
        let (operator, values) = match self.next() {
            Token::Word("in") => (Operator::In, self.set()?),
            Token::Word("notin") => (Operator::NotIn, self.set()?),
            Token::Symbol("=" | "==") => (Operator::In, self.value()?),
            Token::Symbol("!=") => (Operator::NotIn, self.value()?),
            Token::Symbol(">") => (Operator::GreaterThan, self.value()?),
            Token::Symbol("<") => (Operator::LessThan, self.value()?),
            other => return found(other, "in, notin, =, ==, !=, gt, lt"),
        };
        LabelRequirement::new(key, operator, values)
    }

    /// One value, which may be empty.
    fn value(&mut self) -> Parsed<Vec<String>> {
        if self.peek().is_end_or(",") {
            return Ok(vec![String::new()]);
        }
        match self.next() {
            Token::Word(value) => Ok(vec![value.to_owned()]),
            other => found(other, "identifier"),
        }
    }

    /// Values in parentheses, some of which may be empty.
    fn set(&mut self) -> Parsed<Vec<String>> {
        let open = self.next();
        if open != Token::Symbol("(") {
            return Err(LabelSelectorError::NoSet(open.text().to_owned()));
        }
        if !matches!(self.peek(), Token::Word(_) | Token::Symbol("," | ")")) {
            return found(self.peek(), "',', ')' or identifier");
        }
        let mut values = BTreeSet::new();
        loop {
            let value = match self.peek() {
                Token::Word(word) => {
                    self.next();
                    word
                }
                Token::Symbol("," | ")") => "",
                other => return found(other, "',', or identifier"),
            };
            values.insert(value.to_owned());
            match self.next() {
                Token::Symbol(",") => {}
                Token::Symbol(")") => return Ok(values.into_iter().collect()),
                other => return found(other, "',' or ')'"),
            }
        }
    }
}

#[cfg(test)]
#[path = "label_tests.rs"]
mod tests;
