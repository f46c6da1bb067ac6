//! Where the page comes from that asks.

use axum::http::HeaderMap;
use axum::http::header::ORIGIN;

/// Whether a request comes from a page of another origin than the server's own, `host` being what it was called. Requests that say
/// nothing of it come from no page, or from a page's own address.
pub fn is_foreign(headers: &HeaderMap, host: &str) -> bool {
    let mut origins = headers.get_all(ORIGIN).iter();
    let other_origin = match (origins.next(), origins.next()) {
        (None, _) => false,
        (Some(origin), None) => origin.to_str().map_or(true, |origin| !is_own(origin, host)),
        (Some(_), Some(_)) => true,
    };
    // Said by browsers, and by no script.
    let site = headers.get("sec-fetch-site").map(|site| site.as_bytes());
    other_origin || site.is_some_and(|site| site != b"same-origin" && site != b"none")
}

fn is_own(origin: &str, host: &str) -> bool {
    let authority = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"));
    authority.is_some_and(|authority| authority.eq_ignore_ascii_case(host))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_foreign_of(name: &'static str, value: &'static str) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(name, value.parse().unwrap());
        is_foreign(&headers, "127.0.0.1:8642")
    }

    #[test]
    fn pages_of_other_origins_are_foreign() {
        assert!(!is_foreign(&HeaderMap::new(), "127.0.0.1:8642"));
        assert!(!is_foreign_of("origin", "http://127.0.0.1:8642"));
        for foreign in ["null", "http://127.0.0.1:8643", "http://evil.example", "file://127.0.0.1:8642", ""] {
            assert!(is_foreign_of("origin", foreign), "{foreign}");
        }
        assert!(!is_foreign_of("sec-fetch-site", "same-origin") && !is_foreign_of("sec-fetch-site", "none"));
        assert!(is_foreign_of("sec-fetch-site", "same-site") && is_foreign_of("sec-fetch-site", "cross-site"));
    }
}
