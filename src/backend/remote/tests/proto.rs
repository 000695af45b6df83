//! `api/proto/backend/v1/backend.proto`, for those who write backends in other languages: what is declared in `calls` and
//! `messages`, and nothing else. `UPDATE_GOLDEN=1` writes it anew.

use super::*;
use apimachinery::schema::{Field, Scalar, Schema, Shape};
use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::Path;

const HEAD: &str = "\
Backends of databases.standard.k8s.io that are programs of their own. Made from src/backend/remote; src/backend/README.md tells \
how to write one.

An object, a class's parameters and an object's travel as JSON, as kubectl shows them. Enumerations are texts; one that is not \
known is an error of that call. A field that is not known is passed over.

Every call may be repeated, be cut off anywhere and come after a restart of either side: what is done for an object is \
idempotent by its metadata.uid. For one object there is one call at a time, and Plan beside it. Every call but News and Warnings has a deadline, \
and a message is no larger than 4 MiB, one of those two 16 KiB. Messages carry passwords: do not log them.

INVALID_ARGUMENT says that the object (or the class) has to change before it is asked again; the trailer `reason` then says a \
reason of its Accepted condition, such as InvalidParameters. FAILED_PRECONDITION says that somebody has to put something right \
beside it, RESOURCE_EXHAUSTED that something is used up, every other code that it cannot be now; after these it is asked again, \
later each time. The message is one sentence for a person and goes into conditions: no secret.";

/// One call, whatever its types.
struct Line {
    name: &'static str,
    doc: &'static str,
    request: &'static Schema,
    answer: &'static Schema,
    streams: bool,
}

fn line<Q: Object, A: Object>(call: &Call<Q, A>) -> Line {
    let Call { name, doc, deadline, .. } = call;
    Line { name, doc, request: Q::SCHEMA, answer: A::SCHEMA, streams: deadline.is_none() }
}

fn services() -> Vec<(&'static str, String, Vec<Line>)> {
    let (news, warnings) = (line(&calls::NEWS), line(&calls::WARNINGS));
    let identity = vec![line(&calls::GET_INFO), line(&calls::OFFER), news, warnings];
    let doc = "What is the same for all kinds: who it is, what it can do for a class, what changed, what it warns of.";
    let mut services = vec![(calls::IDENTITY, doc.to_owned(), identity)];
    for facts in databases_api::instance::all() {
        let before = [line(&calls::REFERENCE), line(&calls::PLAN), line(&calls::OBSERVE)];
        let after = [line(&calls::ENSURE), line(&calls::BACK_UP), line(&calls::REMOVE)];
        let calls = before.into_iter().chain(after).collect();
        let kind = facts.definition.kind;
        services.push((kind, format!("What is done for the objects of the kind {kind}."), calls));
    }
    services
}

fn render() -> String {
    let mut text = String::new();
    comment(&mut text, "", HEAD);
    let _ = write!(text, "syntax = \"proto3\";\n\npackage {};\n\n", messages::PACKAGE);
    text.push_str("option go_package = \"databases.standard.k8s.io/backend/v1;backend\";\n");
    let (mut order, mut seen) = (Vec::new(), BTreeSet::new());
    for (name, doc, lines) in services() {
        text.push('\n');
        comment(&mut text, "", &doc);
        let _ = writeln!(text, "service {name} {{");
        for (position, Line { name, doc, request, answer, streams }) in lines.into_iter().enumerate() {
            text.push_str(if position == 0 { "" } else { "\n" });
            comment(&mut text, "  ", doc);
            let stream = if streams { "stream " } else { "" };
            // Within a service its calls hide the messages of their names.
            let package = if answer.name == name { format!("{}.", messages::PACKAGE) } else { String::new() };
            let _ =
                writeln!(text, "  rpc {name}({}) returns ({stream}{package}{});", request.name, answer.name);
            [request, answer].into_iter().for_each(|schema| reach(schema, &mut order, &mut seen));
        }
        text.push_str("}\n");
    }
    order.into_iter().for_each(|schema| message(&mut text, schema));
    text
}

fn reach(schema: &'static Schema, order: &mut Vec<&'static Schema>, seen: &mut BTreeSet<&'static str>) {
    match &schema.shape {
        Shape::Object(fields) if seen.insert(schema.name) => {
            order.push(schema);
            fields.iter().for_each(|field| reach(field.schema, order, seen));
        }
        Shape::List(item) => reach(item, order, seen),
        _ => {}
    }
}

fn message(text: &mut String, schema: &Schema) {
    let Shape::Object(fields) = &schema.shape else { return };
    text.push('\n');
    comment(text, "", schema.doc);
    let _ = writeln!(text, "message {} {{", schema.name);
    for (position, field) in fields.iter().enumerate() {
        text.push_str(if position == 0 { "" } else { "\n" });
        let (label, item) = match &field.schema.shape {
            Shape::List(item) => ("repeated ", *item),
            _ => ("", field.schema),
        };
        let doc = match &item.shape {
            Shape::Enum(texts) => format!("{} One of {}.", field.doc, texts.join(", ")),
            _ => field.doc.to_owned(),
        };
        comment(text, "  ", &doc);
        let _ = writeln!(text, "  {label}{} {} = {};", kind(item), snake_case(field), field.number);
    }
    text.push_str("}\n");
}

fn kind(schema: &Schema) -> &'static str {
    match &schema.shape {
        Shape::Object(_) => schema.name,
        Shape::Enum(_) | Shape::Scalar(Scalar::String) => "string",
        Shape::Scalar(Scalar::Bool) => "bool",
        Shape::Scalar(Scalar::Int32) => "int32",
        Shape::Scalar(Scalar::Int64) => "int64",
        Shape::Scalar(Scalar::Bytes) => "bytes",
        other => panic!("the protocol has no {other:?}"),
    }
}

fn snake_case(field: &Field) -> String {
    let mut name = String::new();
    for letter in field.name.chars() {
        if letter.is_uppercase() {
            name.push('_');
        }
        name.extend(letter.to_lowercase());
    }
    name
}

/// A comment in lines of so many characters.
fn comment(text: &mut String, indent: &str, doc: &str) {
    for paragraph in doc.lines() {
        let mut line = format!("{indent}//");
        for word in paragraph.split_whitespace() {
            if line.len() + word.len() >= 100 {
                let _ = writeln!(text, "{line}");
                line = format!("{indent}//");
            }
            let _ = write!(line, " {word}");
        }
        let _ = writeln!(text, "{line}");
    }
}

#[test]
fn the_file_for_others_is_current() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("api/proto/backend/v1/backend.proto");
    let wanted = render();
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &wanted).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(found == wanted, "{} is not current: run this test with UPDATE_GOLDEN=1", path.display());
}

#[test]
fn objects_travel_in_the_version_that_the_protocol_names() {
    for facts in databases_api::instance::all() {
        assert_eq!(facts.definition.versions[0].name, messages::VERSION);
    }
}
