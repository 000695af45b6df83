//! The Gregorian calendar in UTC, before its introduction as well.

use std::fmt;

const DAY: i64 = 86_400;
/// Days of 400 years.
const ERA: i64 = 146_097;
/// Days from March 1st of year 0 to the epoch.
const EPOCH: i64 = 719_468;

/// A moment as calendar and clock show it.
pub(super) struct DateTime {
    pub(super) year: i64,
    pub(super) month: i64,
    pub(super) day: i64,
    pub(super) hour: i64,
    pub(super) minute: i64,
    pub(super) second: i64,
}

impl DateTime {
    /// The moment so many seconds after the epoch.
    pub(super) fn at(seconds: i64) -> Self {
        let (days, second) = (seconds.div_euclid(DAY) + EPOCH, seconds.rem_euclid(DAY));
        let (era, day) = (days.div_euclid(ERA), days.rem_euclid(ERA));
        // Years begin in March here, so that a leap day is the last of its year.
        let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
        let day = day - (365 * year + year / 4 - year / 100);
        let month = (5 * day + 2) / 153;
        DateTime {
            year: era * 400 + year + i64::from(month >= 10),
            month: if month < 10 { month + 3 } else { month - 9 },
            day: day - (153 * month + 2) / 5 + 1,
            hour: second / 3600,
            minute: second / 60 % 60,
            second: second % 60,
        }
    }

    /// The seconds since the epoch.
    pub(super) fn seconds(&self) -> i64 {
        let year = if self.month > 2 { self.year } else { self.year - 1 };
        let (era, year) = (year.div_euclid(400), year.rem_euclid(400));
        let month = (self.month + 9) % 12;
        let day = (153 * month + 2) / 5 + self.day - 1;
        let days = era * ERA + year * 365 + year / 4 - year / 100 + day - EPOCH;
        days * DAY + self.hour * 3600 + self.minute * 60 + self.second
    }
}

impl fmt::Display for DateTime {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let DateTime { year, month, day, hour, minute, second } = self;
        write!(out, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")
    }
}

/// How many days a month has.
pub(super) fn days_in(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}
