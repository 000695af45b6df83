//! Ages, as tables show them.

use crate::time::Time;

/// Time since, in the two largest units that matter: `45s`, `5m10s`, `3h20m`, `2d5h`, `40d`, `2y30d`.
pub fn human(seconds: i64) -> String {
    let (minute, hour, day, year) = (60, 3600, 86_400, 365 * 86_400);
    let two = |large: i64, large_unit: &str, small: i64, small_unit: &str| match small {
        0 => format!("{large}{large_unit}"),
        small => format!("{large}{large_unit}{small}{small_unit}"),
    };
    match seconds {
        i64::MIN..0 => "0s".into(),
        0..120 => format!("{seconds}s"),
        120..600 => two(seconds / minute, "m", seconds % minute, "s"),
        600..10_800 => format!("{}m", seconds / minute),
        10_800..28_800 => two(seconds / hour, "h", seconds % hour / minute, "m"),
        28_800..172_800 => format!("{}h", seconds / hour),
        172_800..691_200 => two(seconds / day, "d", seconds % day / hour, "h"),
        _ if seconds < 2 * year => format!("{}d", seconds / day),
        _ if seconds < 8 * year => two(seconds / year, "y", seconds % year / day, "d"),
        _ => format!("{}y", seconds / year),
    }
}

/// The age of something that began then; `<unknown>` when it never did.
pub fn since(time: Option<Time>) -> serde_json::Value {
    match time {
        Some(time) => human(Time::now().seconds() - time.seconds()).into(),
        None => "<unknown>".into(),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn ages_are_as_kubectl_shows_them() {
        for (seconds, text) in [
            (-1, "0s"),
            (119, "119s"),
            (125, "2m5s"),
            (300, "5m"),
            (600, "10m"),
            (12_000, "3h20m"),
            (100_000, "27h"),
            (450_000, "5d5h"),
            (864_000, "10d"),
            (64_000_000, "2y10d"),
            (400_000_000, "12y"),
        ] {
            assert_eq!(super::human(seconds), text, "{seconds}");
        }
    }
}
