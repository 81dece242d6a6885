//! The configuration reference in README.md, made from the files in `deploy/config/`. `SEALKEEP_WRITE_README=1` writes it.

use crate::workspace::root;

const BEGIN: &str = "<!-- configuration reference: begin -->\n";
const END: &str = "<!-- configuration reference: end -->";

/// One key of a configuration file.
#[derive(Debug, PartialEq, Eq)]
struct Row {
    /// `section.key`; a section that may stand several times is written `section[]`.
    key: String,
    /// Its value in the file; none where it is left out there or is a path or port of the quickstart.
    value: Option<String>,
    meaning: String,
}

/// The keys of a file in their order. A comment belongs to the key right below it.
fn rows(toml: &str) -> Result<Vec<Row>, String> {
    let (mut rows, mut section, mut comment) = (Vec::new(), String::new(), Vec::new());
    for line in toml.lines() {
        let (line, left_out) = match line.strip_prefix("# ") {
            Some(text) if is_key(text) => (text, true),
            _ => (line, false),
        };
        if let Some(text) = line.strip_prefix("# ") {
            comment.push(text);
        } else if line.is_empty() {
            comment.clear();
        } else if let Some(name) = line.strip_prefix("[[").and_then(|line| line.strip_suffix("]]")) {
            (section, _) = (format!("{name}[]."), comment.clear());
        } else if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            (section, _) = (format!("{name}."), comment.clear());
        } else {
            let (name, value) = line.split_once(" = ").ok_or_else(|| format!("no key in: {line}"))?;
            let key = format!("{section}{name}");
            if comment.is_empty() {
                return Err(format!("{key} has no comment of its own"));
            }
            let value = (!left_out && !value.contains('@')).then(|| value.to_owned());
            rows.push(Row { key, value, meaning: std::mem::take(&mut comment).join(" ") });
        }
    }
    Ok(rows)
}

fn is_key(text: &str) -> bool {
    text.split_once(" = ").is_some_and(|(name, _)| name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'))
}

fn table(rows: &[&Row]) -> String {
    let mut text = String::from("| key | value in the file | meaning |\n|---|---|---|\n");
    for row in rows {
        let value = row.value.as_ref().map_or_else(|| "–".to_owned(), |value| format!("`{value}`"));
        text += &format!("| `{}` | {value} | {} |\n", row.key, row.meaning.replace('|', "\\|"));
    }
    text
}

fn reference() -> Result<String, String> {
    let read = |name: &str| {
        let file = root().join("deploy/config").join(name);
        rows(&std::fs::read_to_string(file).expect("a configuration file")).map_err(|fault| format!("{name}: {fault}"))
    };
    let (key_manager, registry) = (read("keymanager.toml")?, read("registry.toml")?);
    let own: Vec<&Row> = registry.iter().filter(|row| !key_manager.contains(row)).collect();
    Ok(format!(
        "<details><summary><code>keymanager-svc</code></summary>\n\n{}\n</details>\n\
         <details><summary><code>registry-svc</code>, where it differs; the rest means the same in both</summary>\n\n{}\n</details>\n",
        table(&key_manager.iter().collect::<Vec<_>>()),
        table(&own)
    ))
}

#[test]
fn the_configuration_reference_in_the_readme_is_that_of_the_files() {
    let (file, made) = (root().join("README.md"), reference().expect("every key has its comment"));
    let readme = std::fs::read_to_string(&file).expect("README.md");
    let (before, rest) = readme.split_once(BEGIN).expect("the reference begins");
    let (written, after) = rest.split_once(END).expect("the reference ends");
    if std::env::var_os("SEALKEEP_WRITE_README").is_some() {
        std::fs::write(&file, format!("{before}{BEGIN}{made}{END}{after}")).expect("README.md written");
    } else {
        assert!(written == made, "README.md is older than deploy/config: run this test with SEALKEEP_WRITE_README=1");
    }
}

#[test]
fn a_key_without_comment_is_noticed() {
    let good = "# All of it.\n\n# One.\none = 1\n[part]\n# Two\n# lines.\n# two = \"b\"\n[[many]]\n# Three.\nthree = \"@X@\"\n";
    let rows_of = rows(good).expect("good");
    let keys: Vec<_> =
        rows_of.iter().map(|row| (row.key.as_str(), row.value.as_deref(), row.meaning.as_str())).collect();
    assert_eq!(keys, [("one", Some("1"), "One."), ("part.two", None, "Two lines."), ("many[].three", None, "Three.")]);
    assert!(rows("# One.\none = 1\ntwo = 2\n").is_err());
    assert!(rows("one\n").is_err());
}
