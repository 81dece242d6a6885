//! Step 1: People are imported from a CSV, encrypted on the client; a bad row is named and the rest goes on.

use std::collections::BTreeSet;

use km_tests::people::national_id;
use km_tests::program::run;
use km_tests::{System, on_both};
use serde_json::{Value, json};

use crate::town;

/// Row, field and rule of every problem; no more.
fn problems(import: &Value) -> Vec<(u64, String, String)> {
    let problem = |one: &Value| {
        assert_eq!(one.as_object().expect("a problem").len(), 3, "{one}");
        let text = |name: &str| one[name].as_str().expect("a text").to_owned();
        (one["row"].as_u64().expect("a row"), text("field"), text("rule"))
    };
    import["problems"].as_array().expect("problems").iter().map(problem).collect()
}

/// Two people and a third whose birth date is none, in this dress.
fn three(delimiter: char) -> (String, [String; 3]) {
    let ids = [(); 3].map(|()| national_id());
    let mut text = ["national_id", "display_name", "birth_date", "phones\n"].join(&delimiter.to_string());
    for (id, name, birth) in [
        (&ids[0], "Ömürcan; Đặng, Ñusta", "1984-05-17"),
        (&ids[1], "Canary", "1984-13-45"),
        (&ids[2], "ሰላም", "1990-03"),
    ] {
        text += &[id, &format!("\"{name}\""), birth, "0911223344|+251911223345\n"].join(&delimiter.to_string());
    }
    (text, ids)
}

/// Imports a file of this content; gives the answer, which must be a refusal of the second of three rows.
fn import(system: &System, extension: &str, content: &str, ids: &[String; 3], bad_row: u64) {
    let file = system.folder().join(format!("{}.{extension}", km_tests::call::request_id()));
    std::fs::write(&file, content).expect("a file");
    let ran = run(system.registryctl("backend").arg("import").arg(&file));
    assert_eq!(ran.code, Some(1), "{}", ran.told());
    let said = ran.json();
    assert_eq!((&said["created"], &said["exists"], &said["refused"]), (&json!(2), &json!(0), &json!(1)), "{said:#}");
    let [(row, field, rule)] = &problems(&said)[..] else { panic!("{said:#}") };
    assert_eq!((*row, field.as_str()), (bad_row, "birth_date"));
    assert!(!rule.is_empty() && !ran.told().contains("1984") && !ran.told().contains("Canary"), "{}", ran.told());
    let record = crate::record_of(system, &ids[0]);
    assert_eq!(crate::name_of(system, &record), "Ömürcan; Đặng, Ñusta");
    assert_eq!(crate::name_of(system, &crate::record_of(system, &ids[2])), "ሰላም");
    let nobody = km_tests::program::run_with(
        system.registryctl("caseworker").args(["find", "--field", "national_id", "--purpose", "eligibility"]),
        &ids[1],
    );
    assert_eq!((nobody.code, &nobody.json()["records"]), (Some(1), &json!([])));
}

on_both! {
    fn a_town_is_imported_and_every_bad_row_is_named(system: &System) {
        let town = town::of(system);
        assert_eq!(town.import.code, Some(1), "{}", town.import.told());
        let said = town.import.json();
        assert_eq!((&said["created"], &said["refused"]), (&json!(town::GOOD), &json!(town::BAD)), "{said:#}");
        // What the script got wrong on purpose, as a spreadsheet counts rows: the header is the first.
        let spoiled = [
            ("birth_date", "1984-13-45"),
            ("phones", "call after six"),
            ("display_name", ""),
            ("sex", "Z9"),
            ("emails", "synthetic.example.org"),
        ];
        let wrong = |at: usize| {
            spoiled
                .iter()
                .find(|(field, text)| town.rows[at][*field] == *text)
                .map(|(field, _)| (at as u64 + 2, (*field).to_owned()))
        };
        let expected: BTreeSet<_> = (0..town.rows.len()).filter_map(wrong).collect();
        assert_eq!(expected.len(), town::BAD);
        let told = problems(&said);
        assert_eq!(told.iter().map(|(row, field, _)| (*row, field.clone())).collect::<BTreeSet<_>>(), expected);
        // Names of fields and rules; no value, and no picture where no terminal is.
        for (_, text) in spoiled.iter().filter(|(_, text)| !text.is_empty()) {
            assert!(!town.import.told().contains(text), "{text}");
        }
        assert!(!town.import.told().contains('\u{1b}'));
    }

    fn a_second_import_creates_nothing(system: &System) {
        let town = town::of(system);
        let again = |more: &[&str]| {
            let mut command = system.registryctl("backend");
            run(command.arg("import").arg(&town.file).args(["--batch", "50"]).args(more)).json()
        };
        let said = again(&[]);
        assert_eq!(
            (&said["created"], &said["exists"], &said["refused"]),
            (&json!(0), &json!(town::GOOD), &json!(town::BAD)),
            "{said:#}"
        );
        // Somebody else who does not know of the first: the ids are taken.
        let journal = system.folder().join(km_tests::call::request_id());
        let said = again(&["--journal", journal.to_str().expect("a path")]);
        assert_eq!((&said["created"], &said["exists"]), (&json!(0), &json!(0)), "{said:#}");
        assert_eq!(said["refused"], json!(town::GOOD + town::BAD));
    }

    fn a_file_is_read_in_any_dress(system: &System) {
        for delimiter in [',', ';'] {
            for mark in ["", "\u{feff}"] {
                let (text, ids) = three(delimiter);
                import(system, "csv", &format!("{mark}{text}"), &ids, 3);
            }
        }
        let (text, ids) = three(';');
        import(system, "csv", &text.replace('\n', "\r\n"), &ids, 3);
        let ids = [(); 3].map(|()| national_id());
        let line = |id: &str, name: &str, birth: &str| {
            json!({"national_id": id, "display_name": name, "birth_date": birth}).to_string()
        };
        let lines = [
            line(&ids[0], "Ömürcan; Đặng, Ñusta", "1984-05-17"),
            line(&ids[1], "Canary", "1984-13-45"),
            line(&ids[2], "ሰላም", "1990-03"),
        ];
        import(system, "jsonl", &lines.join("\n"), &ids, 2);
    }
}
