//! Defaults, limits and features of a class, while somebody is still looking.

use super::{Admission, Attributes, Freshness, Namespaces, Operation};
use apimachinery::field::{Errors, FieldError, Path};
use apimachinery::kind::Hub;
use apimachinery::meta::{ConditionStatus, condition, is_true};
use apimachinery::status::ApiError;
use apimachinery::time::Time;
use async_trait::async_trait;
use databases_api::allowance;
use databases_api::databaseclass::{self, DatabaseClass, UnsupportedFieldPolicy};
use databases_api::defaulting;
use databases_api::features;
use databases_api::instance::{self, Instance};
use std::sync::Arc;

/// Who knows the classes.
#[async_trait]
pub trait Classes: Send + Sync + 'static {
    /// All classes.
    async fn all(&self, freshness: Freshness) -> Result<Vec<DatabaseClass>, ApiError>;

    /// Whether this server has a controller of this name.
    fn answers(&self, controller_name: &str) -> bool;

    /// The class with what its controller would say of it as it is; none where nobody can be asked, or nobody answers soon.
    async fn offered(&self, _class: &DatabaseClass) -> Option<DatabaseClass> {
        None
    }
}

/// The admission step.
pub struct ClassAdmission {
    classes: Arc<dyn Classes>,
    namespaces: Arc<dyn Namespaces>,
}

impl ClassAdmission {
    /// Over these classes and namespaces.
    pub fn new(classes: Arc<dyn Classes>, namespaces: Arc<dyn Namespaces>) -> Self {
        ClassAdmission { classes, namespaces }
    }
}

/// So many classes are named to who names none that is there.
const KNOWN: usize = 5;

fn is_write(operation: Operation) -> bool {
    matches!(operation, Operation::Create | Operation::Update)
}

/// Whether the object is taken up for the first time.
fn takes_up(new: &dyn Instance, old: &dyn Instance) -> bool {
    instance::is_taken_up(new.meta())
        && !instance::is_taken_up(old.meta())
        && old.status().backend_ref.is_none()
}

/// Whether a finalizer is one of this group's own.
fn is_own(finalizer: &str) -> bool {
    finalizer.strip_prefix(databases_api::GROUP).is_some_and(|rest| rest.starts_with('/'))
}

/// What holds an object stays, where a client writes it without: a manifest does not know of it, and what the object stands for
/// would be left behind by a deletion. Of what goes already anybody may take it off, by force.
fn keep_finalizers(attributes: &Attributes<'_>, object: &mut dyn Hub, old: Option<&dyn Hub>) {
    let meta = object.meta_mut();
    let is_kept = attributes.is_clients_update() && meta.deletion_timestamp.is_none();
    let Some(old) = old.filter(|_| is_kept) else { return };
    for (place, finalizer) in old.meta().finalizers.iter().enumerate() {
        if is_own(finalizer) && !meta.finalizers.contains(finalizer) {
            meta.finalizers.insert(place.min(meta.finalizers.len()), finalizer.clone());
        }
    }
}

#[async_trait]
impl Admission for ClassAdmission {
    async fn mutate(
        &self,
        attributes: &Attributes<'_>,
        object: &mut Box<dyn Hub>,
        old: Option<&dyn Hub>,
    ) -> Result<(), ApiError> {
        keep_finalizers(attributes, &mut **object, old);
        let Some(object) = instance::of_mut(&mut **object) else { return Ok(()) };
        let old = old.and_then(instance::of);
        // Defaults are resolved once: on creation, or when the class is first known.
        let first = match old {
            None => attributes.operation == Operation::Create,
            Some(old) if attributes.operation == Operation::Update => {
                old.spec().class_name.is_empty() || takes_up(object, old)
            }
            Some(_) => false,
        };
        if first {
            let mut classes = self.classes.all(Freshness::Cached).await?;
            if !defaulting::knows_class(object, &classes) {
                classes = self.classes.all(Freshness::Newest).await?;
            }
            defaulting::resolve(object, &classes);
        } else if let Some(old) = old
            && defaulting::is_left_open(object, old)
        {
            defaulting::decide_again(object, old, &self.classes.all(Freshness::Cached).await?);
        }
        match old.filter(|_| attributes.operation == Operation::Update) {
            Some(old) => self.check_upgrade(attributes, object, old).await,
            None => Ok(()),
        }
    }

    async fn validate(
        &self,
        attributes: &Attributes<'_>,
        object: &dyn Hub,
        old: Option<&dyn Hub>,
    ) -> Result<(), ApiError> {
        if !is_write(attributes.operation) || object.meta().deletion_timestamp.is_some() {
            return Ok(());
        }
        if let Some(class) = object.downcast::<DatabaseClass>() {
            self.warn_of_class(attributes, class, old).await?;
        }
        let Some(object) = instance::of(object) else { return Ok(()) };
        let old = old.and_then(instance::of);
        // The class may have come, or been named, after the object: then nobody has judged it yet.
        let is_judged = |old: &dyn Instance| old.spec().class_name == object.spec().class_name;
        let old = old.filter(|old| is_judged(*old) && !takes_up(object, *old));
        if old.is_some_and(|old| {
            object.same_desired_state(old) && old.meta().annotations == object.meta().annotations
        }) {
            return Ok(());
        }
        let mut judged = self.judge(attributes, object, old, Freshness::Cached).await?;
        if judged.as_ref().is_none_or(|(errors, _)| !errors.is_empty()) {
            judged = self.judge(attributes, object, old, Freshness::Newest).await?;
        }
        let Some((mut errors, warnings)) = judged else {
            attributes.warn([classless(object, &self.classes.all(Freshness::Cached).await?)]);
            return Ok(());
        };
        attributes.warn(warnings);
        if errors.is_empty() {
            return Ok(());
        }
        defaulting::name_origin(object, old, &mut errors);
        Err(ApiError::invalid(attributes.definition, &object.meta().name, errors))
    }
}

impl ClassAdmission {
    /// Whoever writes a class is told what nobody can use of it, and what was wrong before and is left as it was.
    async fn warn_of_class(
        &self,
        attributes: &Attributes<'_>,
        class: &DatabaseClass,
        old: Option<&dyn Hub>,
    ) -> Result<(), ApiError> {
        if attributes.origin.is_none() || old.is_some_and(|old| class.same_desired_state(old)) {
            return Ok(());
        }
        let mut faults = Errors::new();
        if old.is_some() {
            Hub::validate(class, &mut faults);
        }
        attributes.warn(faults.iter().map(|fault| format!("{fault}: it was so before, and is left")));
        attributes.warn(self.unanswered(class, old));
        let offered = self.classes.offered(class).await;
        attributes.warn(unusable(class, offered.as_ref(), &faults));
        if !class.spec.default_for.is_empty() {
            attributes.warn(rivals(class, &self.classes.all(Freshness::Cached).await?));
        }
        Ok(())
    }

    /// That a new class names nobody here. Who is elsewhere may answer it, so that is no fault.
    fn unanswered(&self, class: &DatabaseClass, old: Option<&dyn Hub>) -> Option<String> {
        let name = &class.spec.controller_name;
        (old.is_none() && !self.classes.answers(name)).then(|| {
            format!(
                "spec.controllerName: no controller of this server has the name {name:?}: objects of this class wait until another \
                 program that has it answers them"
            )
        })
    }

    /// Refuses a new major version that the class does not take the object to before the object's own rules advise how to have it.
    async fn check_upgrade(
        &self,
        attributes: &Attributes<'_>,
        new: &dyn Instance,
        old: &dyn Instance,
    ) -> Result<(), ApiError> {
        if !new.wants_upgrade(old) {
            return Ok(());
        }
        let mut errors = Errors::new();
        for freshness in [Freshness::Cached, Freshness::Newest] {
            errors.clear();
            // An update may leave the class out, which is then kept.
            let (classes, name) = (self.classes.all(freshness).await?, &old.spec().class_name);
            if let Some(class) = classes.iter().find(|class| class.metadata.name == *name) {
                allowance::check_upgrade(class, new, old, &mut errors);
            }
            if errors.is_empty() {
                return Ok(());
            }
        }
        Err(ApiError::invalid(attributes.definition, &old.meta().name, errors))
    }

    /// What the object's class says of it, errors and warnings; `None` where there is no such class.
    async fn judge(
        &self,
        attributes: &Attributes<'_>,
        new: &dyn Instance,
        old: Option<&dyn Instance>,
        freshness: Freshness,
    ) -> Result<Option<(Errors, Vec<String>)>, ApiError> {
        let classes = self.classes.all(freshness).await?;
        let name = &new.spec().class_name;
        let Some(class) = classes.iter().find(|class| class.metadata.name == *name) else { return Ok(None) };
        let labels = self.namespaces.labels(attributes.namespace, freshness).await?;
        let mut errors = Errors::new();
        allowance::check(class, new, old, &labels, &mut errors);
        let mut warnings = allowance::warnings(class, new, old);
        let unsupported = match is_true(&class.status.conditions, "Accepted") {
            true => check_features(class, &classes, new, old, &mut errors),
            false => Vec::new(),
        };
        warnings.extend(unsupported);
        Ok(Some((errors, warnings)))
    }
}

/// What an object waits for that has no class. The class may come after it, so that is no fault.
fn classless(object: &dyn Instance, classes: &[DatabaseClass]) -> String {
    let (name, kind) = (&object.spec().class_name, object.definition().kind);
    let missing = match name.is_empty() {
        true => format!("no DatabaseClass is the default for {kind}"),
        false => format!("there is no DatabaseClass {name:?}"),
    };
    let known: Vec<&str> = classes.iter().take(KNOWN).map(|class| &*class.metadata.name).collect();
    let known = match known.is_empty() {
        true => "there is none at all".to_owned(),
        false => format!("there are: {}", known.join(", ")),
    };
    format!("spec.className: {missing} ({known}): the object waits until there is one")
}

/// What nobody can use of a class: what its controller does not take, or does not have.
fn unusable(class: &DatabaseClass, offered: Option<&DatabaseClass>, faults: &[FieldError]) -> Vec<String> {
    let refused = offered.and_then(|offered| condition(&offered.status.conditions, "Accepted"));
    let refused = refused.filter(|accepted| accepted.status == ConditionStatus::False);
    let refused =
        refused.map(|why| format!("{}: until that changes, the class takes no new objects", why.message));
    let offered = offered.unwrap_or(class);
    let is_news = |fault: &FieldError| !faults.contains(fault);
    let lacking = databaseclass::unoffered(offered).into_iter().filter(is_news);
    let lacking = lacking.map(|fault| format!("{fault}: objects that take this default are refused"));
    let unmet = databaseclass::unmet(offered).into_iter().map(|fault| fault.to_string());
    refused.into_iter().chain(lacking).chain(unmet).collect()
}

/// What is said of the kinds that a class is the default for: those that stand twice, and those that others are the default for.
fn rivals(class: &DatabaseClass, classes: &[DatabaseClass]) -> Vec<String> {
    let (mut warnings, listed) = (Vec::new(), &class.spec.default_for);
    let mut known = class.clone();
    known.metadata.creation_timestamp.get_or_insert_with(Time::now);
    let others = classes.iter().filter(|other| other.metadata.name != class.metadata.name);
    let all: Vec<DatabaseClass> = others.cloned().chain([known]).collect();
    for (index, kind) in listed.iter().enumerate() {
        if let Some(first) = listed[..index].iter().position(|before| before == kind) {
            warnings.push(format!("spec.defaultFor[{index}]: {kind} is spec.defaultFor[{first}] already"));
            continue;
        }
        let named: Vec<&str> =
            defaulting::default_classes(&all, kind).map(|class| class.metadata.name.as_str()).collect();
        if let Some(newest) = defaulting::default_class(&all, kind).filter(|_| named.len() > 1) {
            warnings.push(format!(
                "spec.defaultFor[{index}]: {kind} has several default classes ({}): an object that names none gets the newest, {:?}",
                named.join(", "),
                newest.metadata.name
            ));
        }
    }
    warnings
}

/// What the class does not offer is refused, or warned of where the class says so.
fn check_features(
    class: &DatabaseClass,
    classes: &[DatabaseClass],
    new: &dyn Instance,
    old: Option<&dyn Instance>,
    errors: &mut Errors,
) -> Vec<String> {
    let mut warnings = Vec::new();
    let warn = class.spec.unsupported_field_policy == Some(UnsupportedFieldPolicy::Warn);
    for used in features::required(new, old) {
        if class.offers(&used.feature) {
            continue;
        }
        let (feature, name) = (&used.feature, &class.metadata.name);
        if warn {
            warnings.push(format!(
                "{}: feature {feature:?} is not supported by class {name:?}: ignored",
                used.path
            ));
            continue;
        }
        let others: Vec<&str> = classes
            .iter()
            .filter(|other| other.offers(feature))
            .map(|other| other.metadata.name.as_str())
            .collect();
        let others = match others.is_empty() {
            true => "no class supports it".to_owned(),
            false => format!("classes that support it: {}", others.join(", ")),
        };
        let message = format!("feature {feature:?} is not supported by class {name:?} ({others})");
        errors.push(FieldError::unsupported(&Path::new(&used.path), &message));
    }
    warnings
}

#[cfg(test)]
mod tests;
