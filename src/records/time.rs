//! Times as RFC 3339 writes them.

const DAY: u64 = 86_400;

/// A time in milliseconds since 1970 as `2026-11-29T10:00:00.042Z`.
#[must_use]
pub fn to_rfc3339(milliseconds: u64) -> String {
    let seconds = milliseconds / 1000;
    let (year, month, day) = date(seconds / DAY);
    let (hour, minute, second) = (seconds % DAY / 3600, seconds / 60 % 60, seconds % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{:03}Z", milliseconds % 1000)
}

/// The milliseconds since 1970 of a time with its offset, such as `2026-11-29T10:00:00Z` or `2026-11-29 12:00:00.5+02:00`;
/// none of any other text, and of times before 1970.
#[must_use]
pub fn from_rfc3339(text: &str) -> Option<u64> {
    let (date, time) = (text.get(..10)?, text.get(11..)?);
    if !text.is_char_boundary(10) || !matches!(text.as_bytes().get(10), Some(b'T' | b't' | b' ')) {
        return None;
    }
    let [year, month, day] = numbers(date, '-', [4, 2, 2])?;
    let is_valid =
        (1970..=9999).contains(&year) && (1..=12).contains(&month) && (1..=length(year, month)).contains(&day);
    let [hour, minute, second] = numbers(time.get(..8)?, ':', [2, 2, 2])?;
    if !is_valid || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let rest = time.get(8..)?;
    let (milliseconds, rest) = match rest.strip_prefix('.') {
        None => (0, rest),
        Some(rest) => {
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            let shown: String = rest.get(..digits)?.chars().chain("000".chars()).take(3).collect();
            (shown.parse().ok().filter(|_| digits > 0)?, rest.get(digits..)?)
        }
    };
    let seconds = days_before(year, month, day) * DAY + hour * 3600 + minute * 60 + second;
    let seconds = match rest.split_at_checked(1)? {
        ("Z" | "z", "") => Some(seconds),
        (sign @ ("+" | "-"), offset) => {
            let [hours, minutes] = numbers(offset, ':', [2, 2])?;
            let offset = Some(hours * 3600 + minutes * 60).filter(|_| hours < 24 && minutes < 60)?;
            if sign == "+" { seconds.checked_sub(offset) } else { seconds.checked_add(offset) }
        }
        _ => None,
    };
    seconds?.checked_mul(1000)?.checked_add(milliseconds)
}

/// Numbers of exactly so many digits, with a character between two.
fn numbers<const COUNT: usize>(text: &str, between: char, digits: [usize; COUNT]) -> Option<[u64; COUNT]> {
    let mut numbers = [0; COUNT];
    let mut parts = text.split(between);
    for (number, digits) in numbers.iter_mut().zip(digits) {
        let part = parts.next()?;
        let is_sound = part.len() == digits && part.bytes().all(|byte| byte.is_ascii_digit());
        *number = part.parse().ok().filter(|_| is_sound)?;
    }
    parts.next().is_none().then_some(numbers)
}

fn is_leap(year: u64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

fn length(year: u64, month: u64) -> u64 {
    match month {
        2 => 28 + u64::from(is_leap(year)),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// How many days before this one, from the first of 1970 on.
fn days_before(year: u64, month: u64, day: u64) -> u64 {
    let leaps = |year: u64| year / 4 - year / 100 + year / 400;
    let of_years = (year - 1970) * 365 + leaps(year - 1) - leaps(1969);
    of_years + (1..month).map(|month| length(year, month)).sum::<u64>() + day - 1
}

/// Year, month and day of a day that is so many behind the first of 1970.
fn date(days: u64) -> (u64, u64, u64) {
    let mut year = 1970 + days / 366;
    while days_before(year + 1, 1, 1) <= days {
        year += 1;
    }
    let mut rest = days - days_before(year, 1, 1);
    let mut month = 1;
    while rest >= length(year, month) {
        rest -= length(year, month);
        month += 1;
    }
    (year, month, rest + 1)
}
