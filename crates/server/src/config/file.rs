//! `paraclete.toml`: top-level keys, in any case, with plain values.

/// The keys and values of the file as text, in the order of the file's keys.
///
/// # Errors
/// A sentence: where the TOML is broken, or which value is not plain.
pub(super) fn read(text: &str) -> Result<Vec<(String, String)>, String> {
    let table: toml::Table = toml::from_str(text).map_err(|error| error.to_string())?;
    table
        .into_iter()
        .map(|(key, value)| match plain(&value) {
            Some(value) => Ok((key, value)),
            None => Err(format!("`{key}` has to be a text, a number, true or false, or a list of them")),
        })
        .collect()
}

fn plain(value: &toml::Value) -> Option<String> {
    match value {
        toml::Value::String(text) => Some(text.clone()),
        toml::Value::Integer(number) => Some(number.to_string()),
        toml::Value::Float(number) => Some(number.to_string()),
        toml::Value::Boolean(truth) => Some(truth.to_string()),
        toml::Value::Array(values) => {
            values.iter().map(plain).collect::<Option<Vec<_>>>().map(|parts| parts.join(","))
        }
        toml::Value::Datetime(_) | toml::Value::Table(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_numbers_truths_and_lists_become_text_unchanged() {
        let pairs = read("secret = '007'\nport = 80\nhosts = ['a', 'b']\non = true").unwrap();
        let pairs: Vec<(&str, &str)> = pairs.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        assert_eq!(pairs.len(), 4);
        for pair in [("secret", "007"), ("port", "80"), ("hosts", "a,b"), ("on", "true")] {
            assert!(pairs.contains(&pair), "{pair:?}");
        }
    }

    #[test]
    fn a_table_in_place_of_a_value_is_refused_with_its_key() {
        assert!(read("[port]\nnumber = 1").unwrap_err().contains("`port`"));
        assert!(read("port = ").is_err());
    }
}
