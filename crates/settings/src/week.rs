//! Hours of a week as an operator writes them: `Mo-Sa 09:00-21:00, Su 12:00-21:00`.

use model::{WeekHours, Weekday};

/// Hours of a week; a day that is not named has none.
///
/// The error is a clause that says what is wrong.
pub(crate) fn parse_week(text: &str) -> Result<WeekHours, String> {
    let wrong =
        || format!("is {text:?}; it must be days and hours such as \"Mo-Sa 09:00-21:00, Su 12:00-21:00\"");
    let mut days = [None; 7];
    for part in text.split([',', ';']) {
        let (named, hours) = part.trim().split_once(' ').ok_or_else(wrong)?;
        let (first, last) = named.split_once('-').unwrap_or((named, named));
        let (first, last) = (day(first).ok_or_else(wrong)?, day(last).ok_or_else(wrong)?);
        let hours = if hours.trim() == "off" { None } else { Some(span(hours.trim()).ok_or_else(wrong)?) };
        if last < first {
            return Err(wrong());
        }
        for (day, of_day) in Weekday::ALL.iter().zip(&mut days).take(last as usize + 1).skip(first as usize) {
            if of_day.replace(hours).is_some() {
                return Err(format!("names {} twice", day.word()));
            }
        }
    }
    let hours = WeekHours::new(days.map(Option::flatten));
    hours.ok_or_else(|| "has hours that do not begin before they end, or reach past midnight".to_owned())
}

fn day(word: &str) -> Option<Weekday> {
    Weekday::ALL.into_iter().find(|day| day.word() == word)
}

fn span(text: &str) -> Option<(u16, u16)> {
    let (from, until) = text.split_once('-')?;
    Some((minute(from)?, minute(until)?))
}

fn minute(text: &str) -> Option<u16> {
    let (hour, minute) = text.split_once(':')?;
    let number = |digits: &str| {
        (digits.len() == 2 && digits.bytes().all(|b| b.is_ascii_digit()))
            .then(|| digits.parse::<u16>().ok())?
    };
    let (hour, minute) = (number(hour)?, number(minute)?);
    (minute < 60).then_some(hour * 60 + minute)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_of_a_week_read_back_as_they_are_shown() {
        let check = |text: &str, shown: &str| {
            assert_eq!(parse_week(text).map(|hours| hours.to_string()), Ok(shown.to_owned()));
        };
        check("Mo-Su 08:00-21:00", "Mo-Su 08:00-21:00");
        check("Mo-Sa 09:00-21:00; Su 12:00-21:00", "Mo-Sa 09:00-21:00, Su 12:00-21:00");
        check("Mo-Fr 10:00-18:00, Sa 10:00-17:00, Su off", "Mo-Fr 10:00-18:00, Sa 10:00-17:00");
        check("Mo 00:00-24:00", "Mo 00:00-24:00");
    }

    #[test]
    fn c05_what_are_no_hours_is_said_to_be_none() {
        let check = |text: &str, said: &str| {
            let reason = parse_week(text).unwrap_err();
            assert!(reason.contains(said), "{text}: {reason}");
        };
        for text in [
            "",
            "Mo",
            "Mo-Su",
            "08:00-21:00",
            "Su-Mo 08:00-21:00",
            "Mo 8-21",
            "Mo 08:60-21:00",
            "mo 08:00-21:00",
        ] {
            check(text, "days and hours such as");
        }
        check("Mo-Fr 08:00-21:00, Fr 09:00-10:00", "names Fr twice");
        check("Mo 21:00-08:00", "do not begin before they end");
        check("Mo 08:00-25:00", "do not begin before they end");
    }
}
