//! The normal form of a value: what two spellings of the same thing share. Index terms are made of it, so every change
//! needs a new [`crate::NORMALISER_VERSION`].

use km_domain::register::{PersonalKind, PhoneRule};
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

use crate::{birth_date, digits, phone};

/// Brings one text into the normal form of its kind (for a list: of one item). Compatibility forms (NFKC, Unicode
/// Standard Annex 15), case, digits of all scripts and white space are made equal; for phones the rule of the register
/// adds the country. The error is the rule that the text breaks; never the text.
pub fn normalise(kind: &PersonalKind, phone: &PhoneRule, text: &str) -> Result<Zeroizing<String>, &'static str> {
    match kind.of_one() {
        PersonalKind::Text => Ok(free_text(text)),
        PersonalKind::Identifier => Ok(identifier(text)),
        PersonalKind::Phone => phone::normalise(phone, text),
        PersonalKind::Email => email(text),
        PersonalKind::BirthDate => birth_date::BirthDate::parse(text).map(|date| Zeroizing::new(date.to_string())),
        PersonalKind::Code { .. } => Ok(Zeroizing::new(text.trim().to_owned())),
        PersonalKind::Number { .. } | PersonalKind::Boolean | PersonalKind::Coordinates | PersonalKind::List { .. } => {
            Err("has no normal form")
        }
    }
}

/// Words in lower case with one space between them; the many apostrophes are one.
fn free_text(text: &str) -> Zeroizing<String> {
    let folded = fold(text);
    let mut normal = buffer(folded.len());
    for word in folded.split_whitespace() {
        if !normal.is_empty() {
            normal.push(' ');
        }
        normal.extend(word.chars().map(|c| match c {
            '\u{2018}' | '\u{2019}' | '\u{02BC}' | '\u{0060}' | '\u{00B4}' => '\'',
            other => other,
        }));
    }
    normal
}

/// Letters and digits in capitals; the signs that people put between groups are dropped.
fn identifier(text: &str) -> Zeroizing<String> {
    let mut capitals = buffer(text.len());
    if text.is_ascii() {
        let kept = |c: &char| !is_ignorable(*c) && !c.is_whitespace() && !is_separator(*c);
        capitals.extend(text.chars().filter(kept).map(|c| c.to_ascii_uppercase()));
        return capitals;
    }
    let characters = text.nfkc().filter(|c| !is_ignorable(*c) && !c.is_whitespace() && !is_separator(*c));
    capitals.extend(characters.map(digits::to_ascii).flat_map(char::to_lowercase).flat_map(char::to_uppercase));
    composed(&capitals)
}

fn email(text: &str) -> Result<Zeroizing<String>, &'static str> {
    const RULE: &str = "must be an e-mail address";
    let mut normal = fold(text);
    let trimmed = normal.trim().len();
    if trimmed != normal.len() {
        normal = Zeroizing::new(normal.trim().to_owned());
    }
    let (local, domain) = normal.rsplit_once('@').ok_or(RULE)?;
    let plain = |part: &str| !part.is_empty() && !part.chars().any(|c| c.is_whitespace() || c.is_control() || c == '@');
    let labels_hold = domain.contains('.') && domain.split('.').all(|label| plain(label) && label.len() <= 63);
    if plain(local) && local.len() <= 64 && labels_hold { Ok(normal) } else { Err(RULE) }
}

/// Compatibility form, case folded, digits of all scripts in ASCII, ignorable characters dropped.
fn fold(text: &str) -> Zeroizing<String> {
    let mut folded = buffer(text.len());
    // Most text has nothing to compose or to join.
    if text.is_ascii() && !text.chars().any(is_ignorable) {
        folded.push_str(text);
        folded.make_ascii_lowercase();
        return folded;
    }
    // Through capitals to small letters: that joins ß with ss and both small sigmas, without regard to any locale. And first to
    // small letters, for the capital ẞ is its own capital.
    let characters = text.nfkc().filter(|c| !is_ignorable(*c)).map(digits::to_ascii).flat_map(char::to_lowercase);
    folded.extend(characters.flat_map(char::to_uppercase).flat_map(char::to_lowercase));
    composed(&folded)
}

/// Changing case can leave marks out of order; this puts them back.
fn composed(text: &str) -> Zeroizing<String> {
    let mut normal = buffer(text.len());
    normal.extend(text.nfkc());
    normal
}

/// With room to spare, for a buffer that grows leaves copies behind.
pub(crate) fn buffer(length: usize) -> Zeroizing<String> {
    Zeroizing::new(String::with_capacity(length.saturating_mul(4).max(64)))
}

/// Characters without a form of their own (a part of Default_Ignorable_Code_Point): joiners, directional marks, soft
/// hyphen, byte order mark, variation selectors.
pub(crate) fn is_ignorable(c: char) -> bool {
    matches!(c, '\u{00AD}' | '\u{034F}' | '\u{061C}' | '\u{17B4}' | '\u{17B5}' | '\u{180B}'..='\u{180F}'
        | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FE00}'..='\u{FE0F}'
        | '\u{FEFF}')
}

/// Hyphens and dashes of all kinds, and what else stands between groups of an id.
pub(crate) fn is_separator(c: char) -> bool {
    matches!(
        c,
        '-' | '.' | '/' | '_' | ':' | '\u{00B7}' | '\u{058A}' | '\u{05BE}' | '\u{2010}'
            ..='\u{2015}' | '\u{2044}' | '\u{2212}' | '\u{30FB}'
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn normal(kind: PersonalKind, text: &str) -> String {
        normalise(&kind, &PhoneRule::default(), text).unwrap().to_string()
    }

    #[test]
    fn spellings_of_one_id_are_one() {
        for spelling in [
            "IN-12 345/6",
            "in12.345‑6",
            "ＩＮ１２３４５６",
            "IN١٢٣٤٥٦",
            "in\u{200e}১২৩৪৫৬",
            " IN៛".replace('៛', "១២៣៤៥៦").as_str(),
        ] {
            assert_eq!(normal(PersonalKind::Identifier, spelling), "IN123456");
        }
    }

    #[test]
    fn spellings_of_one_name_are_one() {
        assert_eq!(normal(PersonalKind::Text, "  JOSÉ   d’Ávila "), normal(PersonalKind::Text, "Jose\u{301} D'Ávila"));
        for weiss in ["Weiß", "WEIẞ", "weiss"] {
            assert_eq!(normal(PersonalKind::Text, weiss), normal(PersonalKind::Text, "WEISS"));
            assert_eq!(normal(PersonalKind::Identifier, weiss), "WEISS");
        }
        assert_eq!(normal(PersonalKind::Text, "ΟΔΥΣΣΕΥΣ"), normal(PersonalKind::Text, "Οδυσσευς"));
        assert_ne!(normal(PersonalKind::Text, "አበበ"), normal(PersonalKind::Text, "ከበደ"));
        assert_eq!(normal(PersonalKind::Text, "ILGAZ"), "ilgaz"); // not ılgaz, whatever the locale
    }

    #[test]
    fn emails() {
        assert_eq!(normal(PersonalKind::Email, " Abebe.K@Example.ORG "), "abebe.k@example.org");
        for bad in ["", "abebe", "@example.org", "a@b", "a b@example.org", "a@b@example.org", "a@.org"] {
            assert!(normalise(&PersonalKind::Email, &PhoneRule::default(), bad).is_err(), "accepted {bad}");
        }
    }

    proptest! {
        #[test]
        fn a_normal_form_is_its_own_normal_form(text in "\\PC{0,40}") {
            for kind in [PersonalKind::Text, PersonalKind::Identifier] {
                let once = normal(kind.clone(), &text);
                prop_assert_eq!(&normal(kind, &once), &once);
            }
        }
    }
}
