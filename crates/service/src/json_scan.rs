//! A walk over JSON text that knows where it is. It finds what serde does not refuse (a repeated member of a free-form
//! object, deep nesting) and names the member at which an error arose. Whether the text is JSON at all is serde's to say.

use std::collections::HashSet;

/// Objects and arrays inside each other.
pub(crate) const DEEPEST: usize = 32;

/// What the walk refuses, and where.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub path: String,
    pub rule: String,
}

enum Level {
    Object { key: String, seen: HashSet<String>, at_key: bool },
    Array { index: usize },
}

struct Walk<'a> {
    text: &'a [u8],
    position: usize,
    levels: Vec<Level>,
}

/// Refuses repeated members and nesting beyond [`DEEPEST`].
pub(crate) fn check(text: &[u8]) -> Result<(), Fault> {
    let mut walk = Walk { text, position: 0, levels: Vec::new() };
    while walk.step()? {}
    Ok(())
}

/// The members that lead to this offset, outermost first.
pub(crate) fn path_at(text: &[u8], offset: usize) -> Vec<String> {
    let mut walk = Walk { text, position: 0, levels: Vec::new() };
    while walk.position < offset && walk.step().unwrap_or(false) {}
    walk.path()
}

/// Joins members as `items[3].plaintext`.
pub(crate) fn join(path: &[String]) -> String {
    path.iter().fold(String::new(), |mut joined, part| {
        if !joined.is_empty() && !part.starts_with('[') {
            joined.push('.');
        }
        joined.push_str(part);
        joined
    })
}

/// Whether a member's name may be repeated in an answer: what looks like a name of ours, and not like a value.
pub(crate) fn is_nameable(name: &str) -> bool {
    (1..=40).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')
}

impl Walk<'_> {
    /// One token further; `false` at the end or where the text is no JSON.
    fn step(&mut self) -> Result<bool, Fault> {
        let Some(byte) = self.text.get(self.position) else {
            return Ok(false);
        };
        match byte {
            b'{' => self.enter(Level::Object { key: String::new(), seen: HashSet::new(), at_key: true })?,
            b'[' => self.enter(Level::Array { index: 0 })?,
            b'}' | b']' => {
                self.levels.pop();
            }
            b',' => match self.levels.last_mut() {
                Some(Level::Object { at_key, .. }) => *at_key = true,
                Some(Level::Array { index }) => *index += 1,
                None => return Ok(false),
            },
            b'"' => return self.string(),
            _ => {}
        }
        self.position += 1;
        Ok(true)
    }

    fn enter(&mut self, level: Level) -> Result<(), Fault> {
        if self.levels.len() == DEEPEST {
            return Err(self.fault(format!("must not nest deeper than {DEEPEST} levels")));
        }
        self.levels.push(level);
        Ok(())
    }

    fn string(&mut self) -> Result<bool, Fault> {
        let start = self.position;
        let mut at = start + 1;
        loop {
            match self.text.get(at) {
                Some(b'"') => break,
                Some(b'\\') => at += 2,
                Some(_) => at += 1,
                None => return Ok(false),
            }
        }
        self.position = at + 1;
        let quoted = &self.text[start..=at];
        if let Some(Level::Object { key, seen, at_key }) = self.levels.last_mut()
            && *at_key
        {
            *at_key = false;
            let Ok(name) = serde_json::from_slice::<String>(quoted) else {
                return Ok(false);
            };
            key.clone_from(&name);
            if !seen.insert(name) {
                return Err(self.fault("must not be repeated".to_owned()));
            }
        }
        Ok(true)
    }

    fn fault(&self, rule: String) -> Fault {
        Fault { path: join(&self.path()), rule }
    }

    fn path(&self) -> Vec<String> {
        self.levels
            .iter()
            .map(|level| match level {
                Level::Object { key, .. } if is_nameable(key) => key.clone(),
                Level::Object { .. } => "(member)".to_owned(),
                Level::Array { index } => format!("[{index}]"),
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeated_members_are_found_at_any_depth() {
        let fault = check(br#"{"items":[{"a":1},{"b":{"c":1,"c":2}}]}"#).unwrap_err();
        assert_eq!(fault.path, "items[1].b.c");
        assert!(check(br#"{"a":{"c":1},"b":{"c":2},"d":"c\",\"c"}"#).is_ok());
        assert!(check(br#"{"a":1,"\u0061":2}"#).is_err(), "an escaped name is the same name");
    }

    #[test]
    fn depth_is_bounded() {
        let nested = |depth: usize| [b"[".repeat(depth), b"]".repeat(depth)].concat();
        assert!(check(&nested(DEEPEST)).is_ok());
        assert!(check(&nested(DEEPEST + 1)).is_err());
    }

    #[test]
    fn a_path_names_no_value() {
        let text = br#"{"1985-04-12":{"name":"x"}}"#;
        assert_eq!(join(&path_at(text, 24)), "(member).name");
    }
}
