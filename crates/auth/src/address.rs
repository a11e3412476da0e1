//! Where keys may be fetched from.

use std::net::IpAddr;

use reqwest::Url;

use crate::settings::{PlainHttp, SettingsError};

/// The address, if keys may come from there. It is the configuration's, never a token's.
pub(crate) fn check(option: &'static str, text: &str, plain: PlainHttp) -> Result<Url, SettingsError> {
    let refuse = |url: String, why| Err(SettingsError::Url { option, url, why });
    let Ok(url) = Url::parse(text) else {
        // It may hold a password even so.
        return refuse(text.split('@').next_back().unwrap_or_default().to_owned(), "is no URL");
    };
    let host = url.host_str().unwrap_or_default().to_owned();
    if !url.username().is_empty() || url.password().is_some() {
        return refuse(host, "has a user or a password in it, which would end up in logs: keys are public");
    }
    match url.scheme() {
        "https" => Ok(url),
        "http" if plain == PlainHttp::Anywhere || is_loopback(&host) => Ok(url),
        "http" => {
            refuse(text.to_owned(), "is not encrypted: whoever changes keys on the way can sign; use https")
        }
        _ => refuse(text.to_owned(), "is neither https nor http"),
    }
}

fn is_loopback(host: &str) -> bool {
    let ip = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || ip.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}
