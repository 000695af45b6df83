//! The one thing the pipeline must know about field selectors: which single name one requires.
//!
//! `metadata.name=NAME` lets a rule that grants access to named objects cover a watch or list of just that object.

/// The name a field selector requires by `metadata.name=NAME`, if the selector is well-formed and the name can stand
/// in a path.
pub(super) fn required_name(selector: &str) -> Option<String> {
    let mut required = None;
    for term in terms(selector) {
        let (field, equal, value) = operands(term)?;
        if equal && field == "metadata.name" && required.is_none() {
            required = Some(unescape(value)?);
        }
    }
    required.filter(|name| !matches!(name.as_str(), "" | "." | "..") && !name.contains(['/', '%']))
}

/// The terms between unescaped commas, empty ones left out.
fn terms(selector: &str) -> impl Iterator<Item = &str> {
    let mut escaped = false;
    let split = move |character: char| {
        let separates = character == ',' && !escaped;
        escaped = character == '\\' && !escaped;
        separates
    };
    selector.split(split).filter(|term| !term.is_empty())
}

/// The field, whether it must be equal, and the value; none when there is no operator.
fn operands(term: &str) -> Option<(&str, bool, &str)> {
    let at = term.find('=')?;
    let value = &term[at + 1..];
    match term[..at].strip_suffix('!') {
        Some(field) => Some((field, false, value)),
        None => Some((&term[..at], true, value.strip_prefix('=').unwrap_or(value))),
    }
}

/// The value without its escapes; none when an escape is unknown or a comma or equals sign stands bare.
fn unescape(value: &str) -> Option<String> {
    let mut plain = String::with_capacity(value.len());
    let mut characters = value.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => plain.push(characters.next().filter(|next| matches!(next, '\\' | ',' | '='))?),
            ',' | '=' => return None,
            other => plain.push(other),
        }
    }
    Some(plain)
}
