//! Expressions by a grammar of types, mostly of the right ones.

use super::kinds::{KINDS, ODD};
use super::random::Random;
use serde_json::{Value as Tree, json};

/// How deep operations are nested.
const DEEPEST: usize = 4;
/// How often an operand is of any other type, in percent.
const MISFITS: usize = 3;

/// An expression of any type.
pub(super) fn expression(random: &mut Random) -> String {
    let (letter, ..) = KINDS[random.below(KINDS.len())];
    write(random, letter, DEEPEST)
}

fn write(random: &mut Random, letter: char, depth: usize) -> String {
    let other = random.chance(MISFITS);
    if other && random.chance(50) {
        return random.of(ODD).to_owned();
    }
    let wanted = KINDS.iter().find(|(known, ..)| *known == letter && !other);
    let (_, leaves, calls) = wanted.unwrap_or(&KINDS[random.below(KINDS.len())]);
    if depth == 0 || random.chance(25) {
        return random.of(leaves).to_owned();
    }
    let mut parts = random.of(calls).split('$');
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let mut rest = part.chars();
        let letter = rest.next().unwrap_or('I');
        text += &write(random, letter, depth - 1);
        text += rest.as_str();
    }
    text
}

/// An object that expressions speak of.
pub(super) fn object(random: &mut Random) -> Tree {
    let number = |random: &mut Random| random.of(&[0_i64, 1, -1, 3, 10, 1 << 40]);
    let list: Vec<i64> = (0..random.below(4)).map(|_| number(random)).collect();
    let words: Vec<&str> = (0..random.below(4)).map(|_| random.of(&["a", "b", "", "abc", "12"])).collect();
    json!({
        "apiVersion": "g/v1", "kind": "Thing",
        "metadata": {"name": random.of(&["wiki", "a", "10.0.0.1"]), "labels": {"app": random.of(&["x", "12", ""])}},
        "spec": {
            "n": number(random), "d": random.of(&[0.5, -1.25, 1e10]), "s": random.of(&["abc", "", "a,b", "1Gi", "Ä"]),
            "t": random.of(&["2026-01-02T03:04:05Z", "1969-12-31T23:59:59Z", "no time"]), "q": random.of(&["1Gi", "500m", "x"]),
            "flag": random.chance(50), "list": list, "words": words, "map": {"a": number(random)}, "none": null,
            "items": [{"name": "a", "weight": number(random)}],
        },
    })
}
