//! A stored password hash, in PHC form.

use std::fmt;

use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};

use crate::passwords::Cost;

/// `$argon2id$v=19$m=19456,t=2,p=1$<salt>$<hash>`, taken apart.
pub(crate) struct StoredHash {
    pub(crate) cost: Cost,
    pub(crate) salt: Vec<u8>,
    pub(crate) output: Vec<u8>,
}

impl StoredHash {
    pub(crate) const SALT_BYTES: usize = 16;
    pub(crate) const HASH_BYTES: usize = 32;
    /// The longest text that is looked at.
    const MAX_CHARACTERS: usize = 256;

    pub(crate) fn new(cost: Cost, salt: Vec<u8>, output: Vec<u8>) -> StoredHash {
        StoredHash { cost, salt, output }
    }

    /// What an account that does not exist is held against. Whether the output ever equals does not matter: nobody is
    /// let in by it.
    pub(crate) fn dummy(cost: Cost) -> StoredHash {
        StoredHash::new(cost, vec![0; StoredHash::SALT_BYTES], vec![0; StoredHash::HASH_BYTES])
    }

    /// Reads what [`StoredHash::to_string`] or another implementation of Argon2id wrote. `None` for another algorithm,
    /// another version, a cost above [`Cost::MAX`], a short salt or hash, or anything else that is not of this form.
    pub(crate) fn parse(text: &str) -> Option<StoredHash> {
        if text.len() > StoredHash::MAX_CHARACTERS {
            return None;
        }
        let mut parts = text.strip_prefix("$argon2id$v=19$")?.split('$');
        let (cost, salt, output) = (parts.next()?, parts.next()?, parts.next()?);
        if parts.next().is_some() {
            return None;
        }
        let cost = parse_cost(cost)?;
        let salt = STANDARD_NO_PAD.decode(salt).ok().filter(|salt| (8..=64).contains(&salt.len()))?;
        let output =
            STANDARD_NO_PAD.decode(output).ok().filter(|output| (16..=64).contains(&output.len()))?;
        Some(StoredHash { cost, salt, output })
    }
}

/// `m=19456,t=2,p=1`, in this order alone, as the PHC form demands.
fn parse_cost(text: &str) -> Option<Cost> {
    let mut parameters = text.split(',');
    let mut next = |name: &str| -> Option<u32> {
        let digits = parameters.next()?.strip_prefix(name)?;
        digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())?
    };
    let cost = Cost { memory_kib: next("m=")?, passes: next("t=")?, lanes: next("p=")? };
    (parameters.next().is_none() && cost.is_sane()).then_some(cost)
}

impl fmt::Display for StoredHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Cost { memory_kib, passes, lanes } = self.cost;
        let (salt, output) = (STANDARD_NO_PAD.encode(&self.salt), STANDARD_NO_PAD.encode(&self.output));
        write!(f, "$argon2id$v=19$m={memory_kib},t={passes},p={lanes}${salt}${output}")
    }
}

impl fmt::Debug for StoredHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StoredHash({}, …)", self.cost)
    }
}
