//! From parser events to a JSON tree.

use super::super::decoding::{Decoding, Problem, Step};
use super::super::limits::DEEPEST;
use super::YamlError;
use super::directives;
use super::scalar::{Scalar, resolve};
use serde_json::{Map, Value};
use serde_saphyr::granit_parser::{Event, Parser, ScalarStyle, StrInput, StructureStyle};
use std::collections::BTreeMap;

/// The tags of YAML itself; any other is text.
pub(super) const CORE: &str = "tag:yaml.org,2002:";
/// The memory that aliases may copy, roughly in bytes.
const MOST_COPIED: usize = 4 << 20;
/// What a node weighs besides its text.
const NODE: usize = 32;

type Read<T> = Result<T, YamlError>;

pub(super) fn read(text: &str) -> Read<(Value, Vec<Problem>)> {
    directives::check(text)?;
    let mut reader = Reader {
        text,
        flow: 0,
        parser: Parser::new_from_str(text),
        line: 1,
        anchors: BTreeMap::new(),
        copied: 0,
        context: Decoding::default(),
    };
    loop {
        match reader.next()? {
            Event::StreamStart | Event::DocumentStart(..) => {}
            Event::StreamEnd | Event::DocumentEnd => return Ok((Value::Null, Vec::new())),
            event => {
                let node = reader.node(event, 0)?;
                let value = reader.settled(node)?;
                return Ok((value, reader.context.problems().to_vec()));
            }
        }
    }
}

fn is_content(event: &Event<'_>) -> bool {
    matches!(event, Event::Scalar(..) | Event::SequenceStart(..) | Event::MappingStart(..) | Event::Alias(..))
}

struct Reader<'a> {
    text: &'a str,
    /// How many brackets are open.
    flow: usize,
    parser: Parser<'a, StrInput<'a>>,
    line: usize,
    anchors: BTreeMap<usize, Node>,
    copied: usize,
    context: Decoding,
}

/// A value with what it costs to copy it.
#[derive(Clone)]
struct Node {
    content: Content,
    depth: usize,
    weight: usize,
    /// A plain `<<`.
    merge: bool,
    /// Whether an alias stands for it.
    alias: bool,
}

#[derive(Clone)]
enum Content {
    /// As a key it is more than its value: JSON has texts alone there.
    Scalar(Scalar),
    Collection(Value),
}

impl<'a> Reader<'a> {
    /// The next event that matters. Whether comments are events depends on a feature of the parser that any crate
    /// of the program may turn on; it is always on here, and they are passed over.
    fn next(&mut self) -> Read<Event<'a>> {
        loop {
            match self.parser.next_event() {
                Some(Ok((Event::Comment(..), _))) => {}
                Some(Ok((event, span))) => {
                    self.line = span.start.line();
                    if self.flow == 0 && is_content(&event) && self.is_behind_tab(span.start.byte_offset()) {
                        return self.fail(
                            "found character that cannot start any token: indent with spaces, not tabs",
                        );
                    }
                    return Ok(event);
                }
                Some(Err(error)) => {
                    self.line = error.marker().line();
                    return self.fail(error.info());
                }
                None => return Ok(Event::StreamEnd),
            }
        }
    }

    /// Whether the line up to there is white space with a tab in it, which indents nothing in block style.
    fn is_behind_tab(&self, at: Option<usize>) -> bool {
        let before = at.and_then(|at| self.text.get(..at)).unwrap_or_default();
        let line = &before[before.rfind('\n').map_or(0, |end| end + 1)..];
        line.contains('\t') && line.bytes().all(|byte| matches!(byte, b' ' | b'\t'))
    }

    fn fail<T>(&self, message: impl Into<String>) -> Read<T> {
        Err(YamlError { line: self.line, message: message.into() })
    }

    fn node(&mut self, event: Event<'a>, level: usize) -> Read<Node> {
        let collection = matches!(event, Event::SequenceStart(..) | Event::MappingStart(..));
        if collection && level >= DEEPEST {
            return self.fail("exceeded max depth");
        }
        let (node, anchor) = match event {
            Event::Scalar(text, style, anchor, tag) => {
                let plain = style == ScalarStyle::Plain;
                let tag = tag.as_deref().map_or_else(String::new, |tag| {
                    tag.suffix_in_namespace(CORE).map_or("!".to_owned(), |suffix| format!("{CORE}{suffix}"))
                });
                let merge =
                    text == "<<" && (plain && tag.is_empty() || tag.strip_prefix(CORE) == Some("merge"));
                let weight = NODE + text.len();
                match resolve(&text, &tag, plain) {
                    Ok(scalar) => (
                        Node { content: Content::Scalar(scalar), depth: 0, weight, merge, alias: false },
                        anchor,
                    ),
                    Err(message) => return self.fail(message),
                }
            }
            Event::SequenceStart(style, anchor, _) => (self.within(style, |this| this.list(level))?, anchor),
            Event::MappingStart(style, anchor, _) => (self.within(style, |this| this.map(level))?, anchor),
            Event::Alias(id) => (self.alias(id, level)?, 0),
            _ => return self.fail("did not find expected node content"),
        };
        if anchor != 0 {
            self.copy(node.weight)?;
            self.anchors.insert(anchor, node.clone());
        }
        Ok(node)
    }

    fn within(&mut self, style: StructureStyle, read: impl FnOnce(&mut Self) -> Read<Node>) -> Read<Node> {
        let brackets = usize::from(style == StructureStyle::Flow);
        self.flow += brackets;
        let node = read(self)?;
        self.flow -= brackets;
        Ok(node)
    }

    fn copy(&mut self, weight: usize) -> Read<()> {
        self.copied = self.copied.saturating_add(weight);
        if self.copied > MOST_COPIED {
            return self.fail("document contains excessive aliasing");
        }
        Ok(())
    }

    fn alias(&mut self, id: usize, level: usize) -> Read<Node> {
        let Some((depth, weight)) = self.anchors.get(&id).map(|node| (node.depth, node.weight)) else {
            return self.fail("anchor value contains itself");
        };
        if level + depth > DEEPEST {
            return self.fail("exceeded max depth");
        }
        self.copy(weight)?;
        Ok(Node { alias: true, ..self.anchors[&id].clone() })
    }

    /// The value of a node that is no key.
    fn settled(&self, node: Node) -> Read<Value> {
        match node.content {
            Content::Scalar(scalar) => scalar.json().or_else(|message| self.fail(message)),
            Content::Collection(value) => Ok(value),
        }
    }

    fn list(&mut self, level: usize) -> Read<Node> {
        let (mut items, mut depth, mut weight) = (Vec::new(), 0, NODE);
        self.context.enter(Step::Index(0));
        loop {
            let event = self.next()?;
            if event == Event::SequenceEnd {
                break;
            }
            let item = self.node(event, level + 1)?;
            depth = depth.max(item.depth + 1);
            weight += item.weight;
            items.push(self.settled(item)?);
            self.context.set_index(items.len());
        }
        self.context.leave();
        Ok(Node { content: Content::Collection(items.into()), depth, weight, merge: false, alias: false })
    }

    fn map(&mut self, level: usize) -> Read<Node> {
        let mut entries = Map::new();
        let (mut depth, mut weight) = (0, NODE);
        loop {
            let event = self.next()?;
            if event == Event::MappingEnd {
                break;
            }
            let key = self.node(event, level + 1)?;
            let merge = key.merge;
            let name = self.key(key)?;
            if !merge && entries.contains_key(&name) {
                self.context.duplicate(&name);
            }
            self.context.enter(Step::Key(name.clone()));
            let event = self.next()?;
            let value = self.node(event, level + 1)?;
            self.context.leave();
            depth = depth.max(value.depth + 1);
            weight += value.weight + name.len();
            if merge {
                self.merge(value, &mut entries)?;
            } else {
                entries.insert(name, self.settled(value)?);
            }
        }
        let content = Content::Collection(Value::Object(entries));
        Ok(Node { content, depth, weight, merge: false, alias: false })
    }

    /// The text that a key is in JSON.
    fn key(&self, key: Node) -> Read<String> {
        let Content::Scalar(key) = key.content else {
            return self.fail("unsupported map key: it must be a string, a number or a boolean");
        };
        key.key().or_else(|message| self.fail(message))
    }

    /// Sets the keys of other mappings here, over those that stand before, as upstream's reader does; of a list of
    /// mappings, which is no alias, the first has the last word.
    fn merge(&mut self, node: Node, into: &mut Map<String, Value>) -> Read<()> {
        let is_alias = node.alias;
        let sources = match node.content {
            Content::Collection(Value::Array(sources)) if !is_alias => sources,
            Content::Collection(other) => vec![other],
            Content::Scalar(_) => Vec::from([Value::Null]),
        };
        for source in sources.into_iter().rev() {
            let Value::Object(entries) = source else {
                return self.fail("map merge requires map or sequence of maps as the value");
            };
            for (key, value) in entries {
                if into.contains_key(&key) {
                    self.context.duplicate(&key);
                }
                into.insert(key, value);
            }
        }
        Ok(())
    }
}
