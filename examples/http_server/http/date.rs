//! The `Date` field.

use std::time::{SystemTime, UNIX_EPOCH};

const DAYS: [&[u8; 3]; 7] = [b"Thu", b"Fri", b"Sat", b"Sun", b"Mon", b"Tue", b"Wed"];
const MONTHS: [&[u8; 3]; 12] = [
    b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec",
];

/// A date in the format of RFC 9110, section 5.6.7: `Sun, 06 Nov 1994 08:49:37 GMT`.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct Date([u8; 29]);

impl Date {
    /// Returns the current date. Formatting it costs as much as a part of a request: call it once a
    /// second.
    pub fn now() -> Date {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Date::of(since.as_secs())
    }

    pub fn of(unix_time: u64) -> Date {
        let (days, second) = (unix_time / 86_400, unix_time % 86_400);
        let (year, month, day) = civil(days);
        let mut date = *b"Thu, 00 Jan 0000 00:00:00 GMT";
        date[..3].copy_from_slice(DAYS[(days % 7) as usize]);
        date[8..11].copy_from_slice(MONTHS[month]);
        for (at, number) in [
            (5, day),
            (12, year / 100),
            (14, year % 100),
            (17, second / 3600),
            (20, second / 60 % 60),
            (23, second % 60),
        ] {
            date[at] = b'0' + (number / 10 % 10) as u8;
            date[at + 1] = b'0' + (number % 10) as u8;
        }
        Date(date)
    }

    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// Returns the year, the month from 0, and the day of the month, of a day since 1970-01-01.
fn civil(mut days: u64) -> (u64, usize, u64) {
    let mut year = 1970;
    let leap = |year: u64| {
        year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
    };
    while days >= 365 + leap(year) as u64 {
        days -= 365 + leap(year) as u64;
        year += 1;
    }
    let lengths = [31, 28 + leap(year) as u64, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let mut month = 0;
    while days >= lengths[month] {
        days -= lengths[month];
        month += 1;
    }
    (year, month, days + 1)
}
