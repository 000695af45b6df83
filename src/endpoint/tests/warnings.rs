//! What admission says beside an answer, and what it may not spoil.

use super::*;
use crate::admission::Attributes;
use apimachinery::kind::Hub;
use apimachinery::meta::ManagedFieldsEntry;
use apimachinery::status::ApiError;

/// Admission that warns, and may spoil who owns what.
#[derive(Default)]
struct Says {
    warnings: Vec<String>,
    spoils: bool,
}

#[async_trait::async_trait]
impl Admission for Says {
    async fn mutate(
        &self,
        attributes: &Attributes<'_>,
        object: &mut Box<dyn Hub>,
        _: Option<&dyn Hub>,
    ) -> Result<(), ApiError> {
        if self.spoils {
            let entry = ManagedFieldsEntry { operation: "Nonsense".into(), ..ManagedFieldsEntry::default() };
            object.meta_mut().managed_fields = vec![entry].into();
        }
        attributes.warn(self.warnings.iter().cloned());
        Ok(())
    }
}

/// The warnings of a creation.
async fn warned(says: Says) -> (Value, Vec<String>) {
    let server = Server::admitting(Arc::new(says)).await;
    let answer = server.post(BASE, &flunder("a")).await;
    assert_eq!(answer.code, 201, "{:?}", answer.bytes);
    let text = |value: &http::HeaderValue| String::from_utf8(value.as_bytes().to_vec()).unwrap();
    (answer.json(), answer.headers.get_all("warning").iter().map(text).collect())
}

#[tokio::test]
async fn a_warning_stands_once_and_cannot_break_its_header() {
    let texts = ["twice", "twice", r#"a "quote" and a \"#, "two\nlines", "ä"];
    let (_, found) = warned(Says { warnings: texts.map(str::to_owned).to_vec(), spoils: false }).await;
    let expected =
        [r#"299 - "twice""#, r#"299 - "a \"quote\" and a \\""#, r#"299 - "two lines""#, r#"299 - "ä""#];
    assert_eq!(found, expected);
}

#[tokio::test]
async fn who_is_refused_hears_what_was_found_before() {
    let says = Says { warnings: vec!["admitted".to_owned()], spoils: false };
    let server = Server::admitting(Arc::new(says)).await;
    let mut unfit = flunder("a");
    (unfit["spec"]["count"], unfit["spec"]["unknown"]) = ((-1).into(), 1.into());
    let path = format!("{BASE}?fieldValidation=Warn");
    let answer = server.post(&path, &unfit).await;
    let warnings: Vec<_> = answer.headers.get_all("warning").iter().collect();
    assert_eq!(
        (answer.code, &*warnings),
        (
            422.try_into().unwrap(),
            &["299 - \"unknown field \\\"spec.unknown\\\"\"", "299 - \"admitted\""]
                .map(|text| text.try_into().unwrap())
                .each_ref()[..]
        )
    );
}

#[tokio::test]
async fn many_long_warnings_are_shortened_and_the_last_left_out() {
    let long = |index: usize| format!("{index:02}{}", "x".repeat(998));
    let (_, found) = warned(Says { warnings: (0..20).map(long).collect(), spoils: false }).await;
    assert_eq!(found.len(), 4096 / 256);
    for (index, warning) in found.iter().enumerate() {
        let expected: String = long(index).chars().take(256).collect();
        assert_eq!(*warning, format!("299 - \"{expected}\""));
    }
    let (_, found) = warned(Says { warnings: (0..4).map(long).collect(), spoils: false }).await;
    assert!(found.len() == 4 && found.iter().all(|warning| warning.len() > 1000), "few are not shortened");
}

#[tokio::test]
async fn owners_that_admission_spoils_are_as_they_were_and_it_is_told() {
    let (object, found) = warned(Says { warnings: Vec::new(), spoils: true }).await;
    let entries = object["metadata"]["managedFields"].as_array().unwrap();
    assert_eq!((entries.len(), &entries[0]["operation"]), (1, &"Update".into()));
    let start = "299 - \".metadata.managedFields was in an invalid state after admission; ";
    assert!(found.len() == 1 && found[0].starts_with(start), "{found:?}");
}
