//! The types of configured values that are more than a number.

use std::{fmt, net::IpAddr};

/// `PARACLETE_ENV`: which defaults apply, and what must be said aloud.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Environment {
    /// Nothing needs configuring; the server listens on this machine alone.
    Development,
    /// What would be a guess must be configured.
    Production,
}

/// `AUTH`: whether a token is needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Auth {
    /// Connections without a token are refused.
    Required,
    /// Connections without a token are guests.
    Optional,
}

/// A value that is not shown, wherever it is logged or printed by mistake.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// The value itself, for the one who needs it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(hidden)")
    }
}

/// `ADMIN_CLAIM`: what a token of another issuer says of an admin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdminClaim {
    /// The claim's name.
    pub name: String,
    /// What it must be; `None`: the JSON value `true`.
    pub value: Option<String>,
}

/// `SIGNAL_VALIDATION`: how closely relayed descriptions and candidates are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignalValidation {
    /// A description must look like one, and a candidate too.
    Shape,
    /// Anything that is JSON and within the size limits passes.
    Off,
}

impl From<SignalValidation> for dialects::Validation {
    fn from(validation: SignalValidation) -> Self {
        match validation {
            SignalValidation::Shape => Self::Shape,
            SignalValidation::Off => Self::Off,
        }
    }
}

/// `LOG_FORMAT`: how log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// Pretty on a terminal, JSON elsewhere.
    Auto,
    /// For people.
    Pretty,
    /// One object a line, for machines.
    Json,
}

/// `CORS_ORIGINS`: pages from which browsers may use this server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origins {
    /// Any page, without credentials.
    Any,
    /// These alone, as browsers write them in `Origin` (`https://app.example.com`), with credentials.
    Listed(Vec<String>),
}

impl Origins {
    /// Whether a page of this `Origin` may use the server: the whole value must be equal to a listed one,
    /// so that no suffix, prefix, port, `null` or trick of quoting slips through.
    #[must_use]
    pub fn allow(&self, origin: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Listed(listed) => listed.iter().any(|one| one == origin),
        }
    }
}

/// A range of addresses in CIDR form, such as `10.0.0.0/8` or `fd00::/8`; a lone address is a range of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    prefix_bits: u8,
}

impl Network {
    /// Reads `address` or `address/bits`.
    ///
    /// # Errors
    /// A sentence that says what is wrong with the text.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits)),
            None => (text, None),
        };
        let address: IpAddr = address
            .parse()
            .map_err(|_| format!("`{text}` is not an IP address or a range such as 10.0.0.0/8"))?;
        let all_bits = if address.is_ipv4() { 32 } else { 128 };
        let prefix_bits = match bits {
            None => all_bits,
            Some(bits) => bits
                .parse()
                .ok()
                .filter(|bits| *bits <= all_bits)
                .ok_or_else(|| format!("`{text}` needs a prefix length from 0 to {all_bits}"))?,
        };
        Ok(Self { address, prefix_bits })
    }

    /// Whether the address is in the range. An IPv4 address written as IPv6 counts as the IPv4 one.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(ours), IpAddr::V4(theirs)) => {
                let ignored = 32 - u32::from(self.prefix_bits);
                (u64::from(ours.to_bits()) >> ignored) == (u64::from(theirs.to_bits()) >> ignored)
            }
            (IpAddr::V6(ours), IpAddr::V6(theirs)) => {
                let ignored = 128 - u32::from(self.prefix_bits);
                ours.to_bits().checked_shr(ignored) == theirs.to_bits().checked_shr(ignored)
            }
            (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listed_origin_is_allowed_only_when_the_whole_of_it_is_equal() {
        let origins = Origins::Listed(vec!["https://app.example.com".to_owned()]);
        assert!(origins.allow("https://app.example.com"));
        for foreign in [
            "null",
            "",
            "https://app.example.com.evil.org",
            "https://evil-app.example.com",
            "https://app.example.com:8443",
            "http://app.example.com",
            "https://app.example.com`.evil.org",
            "https://app.example.com/",
        ] {
            assert!(!origins.allow(foreign), "{foreign} was allowed");
        }
    }

    #[test]
    fn a_network_contains_the_addresses_that_share_its_prefix_and_no_others() {
        let private = Network::parse("10.0.0.0/8").unwrap();
        assert!(private.contains("10.255.0.1".parse().unwrap()));
        assert!(private.contains("::ffff:10.1.2.3".parse().unwrap()));
        assert!(!private.contains("11.0.0.1".parse().unwrap()));
        assert!(!private.contains("fd00::1".parse().unwrap()));
        let one = Network::parse("fd00::7").unwrap();
        assert!(one.contains("fd00::7".parse().unwrap()));
        assert!(!one.contains("fd00::8".parse().unwrap()));
        assert!(Network::parse("0.0.0.0/0").unwrap().contains("8.8.8.8".parse().unwrap()));
        assert!(Network::parse("::/0").unwrap().contains("fd00::8".parse().unwrap()));
    }

    #[test]
    fn a_network_that_is_none_is_refused_with_what_it_should_be() {
        for text in ["", "ten", "10.0.0.0/33", "fd00::/129", "10.0.0.0/-1", "10.0.0.0/"] {
            assert!(Network::parse(text).is_err(), "{text} was read");
        }
    }
}
