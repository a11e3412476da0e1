//! What the configuration demands of secrets, keys and databases, and what it never shows.

use std::{collections::BTreeMap, io};

use server::config::{Auth, Inputs, Loaded, load, report};

/// 32 bytes that nobody has ever put into an example.
const SECRET: &str = "tq8Zr1mG0cXw5nLk7vBd3sHf9yPa2jUe";

fn loaded(environment: &[(&str, &str)]) -> Result<Loaded, String> {
    let environment: BTreeMap<String, String> =
        environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    load(&Inputs {
        file: None,
        dotenv: None,
        environment,
        unreadable: Vec::new(),
        arguments: Vec::new(),
        read_file: &|_| Err(io::Error::from(io::ErrorKind::NotFound)),
    })
    .map_err(|refused| refused.to_string())
}

fn in_production(more: &[(&'static str, &'static str)]) -> Result<Loaded, String> {
    let mut all =
        vec![("NODE_ENV", "production"), ("AUTH", "required"), ("CORS_ORIGINS", "https://a.example")];
    all.extend(more);
    loaded(&all)
}

#[test]
fn production_refuses_a_secret_that_is_missing_short_or_known_to_everybody_and_says_what_to_set() {
    for (secret, reason) in [
        ("", "JWT_SECRET has to be set in production"),
        ("short", "JWT_SECRET has 5 bytes, and needs at least 32"),
        ("your-256-bit-secret", "JWT_SECRET"),
        ("change-me-change-me-change-me-change-me", "stands in examples"),
        ("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "JWT_SECRET"),
    ] {
        let refusal = in_production(&[("JWT_SECRET", secret)]).expect_err(secret);
        assert!(refusal.contains(reason) && refusal.contains("openssl rand"), "{secret}: {refusal}");
        assert!(secret.is_empty() || !refusal.contains(secret), "{refusal}");
    }
    let config = in_production(&[("JWT_SECRET", SECRET)]).unwrap().config;
    assert_eq!((config.auth, config.jwt_secret.unwrap().expose()), (Auth::Required, SECRET));
}

#[test]
fn another_kind_of_key_is_as_good_as_a_secret_in_production() {
    for keys in [
        &[("JWT_KEY_FILE", "/run/key.pem")][..],
        &[("JWKS_URL", "https://id.example/jwks"), ("JWT_ISSUER", "https://id.example")],
        &[("FIREBASE_PROJECT_ID", "my-app")],
        &[("SOCKET_JWT_SECRET", SECRET)],
    ] {
        assert!(in_production(keys).is_ok(), "{keys:?}");
    }
}

#[test]
fn development_warns_of_a_weak_secret_and_starts() {
    let loaded = loaded(&[("JWT_SECRET", "short")]).unwrap();
    assert_eq!(loaded.warnings.len(), 1, "{:?}", loaded.warnings);
    assert!(loaded.warnings[0].contains("has 5 bytes"), "{:?}", loaded.warnings);
}

#[test]
fn production_is_not_open_to_every_page_and_never_optional_in_silence() {
    let open =
        [("NODE_ENV", "production"), ("AUTH", "optional"), ("JWT_SECRET", SECRET), ("CORS_ORIGINS", "*")];
    assert!(loaded(&open).unwrap_err().contains("CORS_ORIGINS=* lets any page"));
    let silent = [("NODE_ENV", "production"), ("JWT_SECRET", SECRET), ("CORS_ORIGINS", "https://a.example")];
    assert!(loaded(&silent).unwrap_err().contains("AUTH has to be set in production: to `required`"));
}

#[test]
fn half_of_a_pair_is_refused_with_the_other_half() {
    for (given, missing) in [
        (("TLS_CERT_FILE", "/run/cert.pem"), "set TLS_KEY_FILE too"),
        (("TLS_KEY_FILE", "/run/key.pem"), "set TLS_CERT_FILE too"),
        (("JWKS_URL", "https://id.example/jwks"), "set JWT_ISSUER"),
    ] {
        assert!(loaded(&[given]).unwrap_err().contains(missing), "{given:?}");
    }
}

#[test]
fn the_database_is_the_url_or_the_parts_or_a_file_in_the_data_folder() {
    let database = |environment: &[(&str, &str)]| loaded(environment).unwrap().config.database();
    assert_eq!(database(&[]).expose(), "sqlite:./data/paraclete.db");
    assert_eq!(database(&[("DATA_DIR", "/var/lib/x")]).expose(), "sqlite:/var/lib/x/paraclete.db");
    let parts =
        [("DB_HOST", "db.example"), ("DB_USER", "u@x"), ("DB_PASSWORD", "p:/?#"), ("DB_NAME", "calls")];
    assert_eq!(database(&parts).expose(), "postgres://u%40x:p%3A%2F%3F%23@db.example:5432/calls");
    assert_eq!(
        database(&[("DB_HOST", "::1"), ("DB_PORT", "6000")]).expose(),
        "postgres://paraclete@[::1]:6000/paraclete"
    );
    let both = [("DATABASE_URL", "postgres://a@b/c"), ("DB_HOST", "db.example")];
    assert_eq!(database(&both).expose(), "postgres://a@b/c");
}

#[test]
fn a_database_of_another_kind_is_refused_without_showing_the_password() {
    for (url, reason) in [
        ("mongodb://root:hunter2@db/x", "MongoDB is not in this version"),
        ("mysql://root:hunter2@db/x", "expected sqlite:PATH or postgres:"),
        ("hunter2", "expected sqlite:PATH or postgres:"),
        ("postgres:", "expected sqlite:PATH or postgres:"),
    ] {
        let refusal = loaded(&[("DATABASE_URL", url)]).unwrap_err();
        assert!(refusal.contains(reason) && !refusal.contains("hunter2"), "{refusal}");
    }
}

#[test]
fn secrets_are_hidden_in_the_report_and_in_whatever_is_debugged() {
    let secrets = [
        ("JWT_SECRET", SECRET),
        ("DATABASE_URL", "postgres://u:planted-password@db/x"),
        ("DB_PASSWORD", "planted-password"),
    ];
    let loaded = loaded(&secrets).unwrap();
    let report = report(&loaded);
    assert!(report.contains("JWT_SECRET=(hidden)") && report.contains("DATABASE_URL=(hidden)"), "{report}");
    for text in [report, format!("{loaded:?}"), format!("{:?}", loaded.config)] {
        assert!(!text.contains(SECRET) && !text.contains("planted-password"), "{text}");
    }
}
