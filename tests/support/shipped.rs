//! The configuration files that ship, filled in as the quickstart fills them, for systems that are measured: what counts is
//! what a user gets.

use std::path::Path;

use km_test_support::TestToken;

use crate::settings::registers;

/// The key manager's file. Its ports it keeps itself.
pub fn key_manager(folder: &Path, token: &TestToken, database: &str, issuer: &str) -> String {
    let TestToken { module, label, pin_file, .. } = token;
    filled(
        "keymanager",
        &[
            ("sqlite:@HOME@/keymanager/keymanager.db", database),
            ("@HOME@", &folder.display().to_string()),
            ("@MODULE@", &module.display().to_string()),
            ("@PIN_FILE@", &pin_file.display().to_string()),
            ("label = \"sealkeep\"", &format!("label = \"{label}\"")),
            ("https://127.0.0.1:@PORT:issuer@", issuer),
        ],
    )
}

/// The registry's file.
pub fn registry(folder: &Path, database: &str, issuer: &str, rest: &str, grpc: &str) -> String {
    let public = folder.join("keymanager");
    filled(
        "registry",
        &[
            ("sqlite:@HOME@/registry/registry.db", database),
            ("@HOME@/ca.pem", &public.join("ca.pem").display().to_string()),
            ("@HOME@/evidence-root.pem", &public.join("evidence-root.pem").display().to_string()),
            ("@HOME@", &folder.display().to_string()),
            ("https://127.0.0.1:@PORT:issuer@", issuer),
            ("https://127.0.0.1:@PORT:rest@", rest),
            ("https://127.0.0.1:@PORT:grpc@", grpc),
        ],
    )
}

/// The file of this name under `deploy/config` with every mark replaced. A listener that is left takes a free port.
fn filled(name: &str, marks: &[(&str, &str)]) -> String {
    let file = registers().join("../config").join(format!("{name}.toml"));
    let mut text = std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    text = text.replace("@DEPLOY@", &registers().join("..").display().to_string());
    for (mark, value) in marks {
        assert!(text.contains(mark), "{} has no {mark}", file.display());
        text = text.replace(mark, value);
    }
    let lines = text.lines().map(|line| match line.split_once(":@PORT:") {
        Some((before, _)) => format!("{before}:0\""),
        None => line.to_owned(),
    });
    lines.collect::<Vec<_>>().join("\n")
}
