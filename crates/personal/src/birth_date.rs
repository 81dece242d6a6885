//! Birth dates, of which the day, or the month and the day, may be unknown.

use std::fmt;

use crate::digits;

/// A birth date as far as it is known. It has no zone.
#[derive(Clone, Copy, PartialEq, Eq)]
#[cfg_attr(test, derive(Debug))]
pub(crate) struct BirthDate {
    pub(crate) year: u16,
    month: Option<u8>,
    day: Option<u8>,
}

impl BirthDate {
    /// Reads `YYYY-MM-DD`, `YYYY-MM` or `YYYY` in digits of any script.
    pub(crate) fn parse(text: &str) -> Result<Self, &'static str> {
        const RULE: &str = "must be YYYY-MM-DD, YYYY-MM or YYYY, from 1850 to 2150";
        let mut parts = [None; 3];
        for (at, part) in text.trim().split('-').enumerate() {
            let slot = parts.get_mut(at).ok_or(RULE)?;
            *slot = Some(number(part, if at == 0 { 4 } else { 2 }).ok_or(RULE)?);
        }
        let narrow = |part: Option<u16>| part.map(u8::try_from).transpose().map_err(|_| RULE);
        let [year, month, day] = parts;
        let date = Self { year: year.ok_or(RULE)?, month: narrow(month)?, day: narrow(day)? };
        if date.exists() { Ok(date) } else { Err(RULE) }
    }

    fn exists(self) -> bool {
        let leap = self.year.is_multiple_of(4) && (!self.year.is_multiple_of(100) || self.year.is_multiple_of(400));
        let last_day = match self.month {
            None => 0,
            Some(2) => 28 + u8::from(leap),
            Some(4 | 6 | 9 | 11) => 30,
            Some(1..=12) => 31,
            Some(_) => return false,
        };
        (1850..=2150).contains(&self.year) && self.day.is_none_or(|day| (1..=last_day).contains(&day))
    }

    /// `1980-1989`
    pub(crate) fn band_of_ten(self) -> String {
        let first = self.year - self.year % 10;
        format!("{first}-{}", first + 9)
    }
}

/// A number of exactly this many digits.
fn number(text: &str, length: usize) -> Option<u16> {
    if text.chars().count() != length {
        return None;
    }
    text.chars().map(digits::to_ascii).try_fold(0u16, |sum, c| Some(sum * 10 + u16::try_from(c.to_digit(10)?).ok()?))
}

impl fmt::Display for BirthDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}", self.year)?;
        self.month.map_or(Ok(()), |month| write!(f, "-{month:02}"))?;
        self.day.map_or(Ok(()), |day| write!(f, "-{day:02}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_days_and_months_are_dates() {
        for good in ["1984-02-29", "1984-02", "1984", "2000-12-31"] {
            assert_eq!(BirthDate::parse(good).map(|d| d.to_string()), Ok(good.to_owned()));
        }
        assert_eq!(BirthDate::parse("१९८४-०२-०७").map(|d| d.to_string()), Ok("1984-02-07".to_owned()));
        assert_eq!(BirthDate::parse("1984").unwrap_or_else(|_| panic!()).band_of_ten(), "1980-1989");
    }

    #[test]
    fn what_is_no_date_is_refused() {
        for bad in [
            "",
            "84",
            "1983-02-29",
            "1984-13",
            "1984-00",
            "1984-04-31",
            "1984-1-1",
            "01/02/1984",
            "1984-01-01-1",
            "19840101",
            "1700",
        ] {
            assert!(BirthDate::parse(bad).is_err(), "accepted {bad}");
        }
    }
}
