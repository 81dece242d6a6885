//! `registryctl definition show`: what the registry's database shows to a thief.

use km_client::ClientError;
use km_domain::register::{ClearKind, FieldClass, GeneralisationKind, RegisterDefinition, Unique};
use serde_json::{Value, json};

use super::{definition_file, register, session};
use crate::{
    arguments::{Arguments, Definition},
    exit::Outcome,
    output::Output,
};

/// What stands in the database beside the fields, whatever the definition says.
const ALWAYS: [&str; 4] = [
    "how many records there are, their random ids and their versions",
    "when each record was created and last changed",
    "which personal fields of a record have a value, and how long each sealed value is (nearly its length in clear)",
    "which records share an index term, and how often a term occurs; never the value behind it",
];

pub async fn run(arguments: &Arguments, command: &Definition, output: &Output) -> Result<Outcome, ClientError> {
    let Definition::Show { register: named, file } = command;
    let definition = match file {
        Some(path) => definition_file(path)?,
        None => {
            let session = session(arguments)?;
            session.registry().definition(&register(&session, named.as_ref())).await?
        }
    };
    if output.is_json() {
        output.document(&document(&definition));
    } else {
        sentences(&definition, output);
    }
    Ok(Outcome::Good)
}

fn sentences(definition: &RegisterDefinition, output: &Output) {
    output.say(&format!("register {} (schema {}): {}", definition.register, definition.schema, definition.title));
    output.say("");
    output.say("A thief who takes the registry's database reads, in clear:");
    for (name, field) in definition.clear() {
        output.say(&format!("  {name}: {}. Why: {}", clear_kind(&field.kind), field.reason));
    }
    for (name, field) in definition.personal() {
        for to in &field.generalisations {
            let what = coarse(to.to);
            output.say(&format!("  {}: {what} of {name}. Why: {}", to.name, to.reason));
        }
    }
    output.say("");
    output.say("and learns from what is sealed:");
    ALWAYS.iter().for_each(|fact| output.say(&format!("  {fact}")));
    output.say("");
    output.say("Sealed (not one value readable), with a keyed index:");
    for (name, field) in definition.personal().filter(|(_, field)| !field.indexes.is_empty()) {
        for rule in &field.indexes {
            let unique = unique(rule.unique);
            output.say(&format!("  {name}: {} index of {} bits, {unique}", rule.kind.name(), rule.bits));
        }
    }
    output.say("");
    let plain: Vec<&str> =
        definition.personal().filter(|(_, field)| field.indexes.is_empty()).map(|(name, _)| name.as_str()).collect();
    output.say(&format!("Sealed without any index: {}", plain.join(", ")));
    output.say("");
    output
        .say("Clear and generalised values stay readable in old backups after a record is erased; sealed ones do not.");
}

fn document(definition: &RegisterDefinition) -> Value {
    let fields = definition.fields.iter().map(|(name, field)| match &field.class {
        FieldClass::Clear(clear) => {
            json!({"field": name, "shows": clear_kind(&clear.kind), "class": "clear", "reason": clear.reason})
        }
        FieldClass::Personal(personal) => json!({
            "field": name,
            "class": "personal",
            "indexes": personal.indexes,
            "generalisations": personal.generalisations,
            "readers": personal.readers,
            "masked_readers": personal.masked_readers,
        }),
    });
    json!({
        "register": definition.register,
        "schema": definition.schema,
        "fields": fields.collect::<Vec<_>>(),
        "always": ALWAYS,
    })
}

fn clear_kind(kind: &ClearKind) -> String {
    match kind {
        ClearKind::Code { values } => format!("one of {}", values.join(", ")),
        ClearKind::Pattern { pattern } => format!("a code of the form {}", pattern.source()),
        ClearKind::Number { minimum, maximum } => format!("a whole number from {minimum} to {maximum}"),
        ClearKind::Boolean => "true or false".to_owned(),
        ClearKind::RecordLink => "the random id of another record".to_owned(),
    }
}

fn coarse(to: GeneralisationKind) -> &'static str {
    match to {
        GeneralisationKind::BirthYearBand10 => "the ten-year band",
    }
}

fn unique(unique: Unique) -> &'static str {
    match unique {
        Unique::No => "shared by many records",
        Unique::Warn => "a warning where two records share it",
        Unique::Refuse => "never shared by two records",
    }
}
