//! What options demand of each other, and production of all of them.

use auth::{MIN_SECRET_BYTES, SecretStrength};

use super::{
    Config,
    values::{Auth, Environment, Origins},
};

/// Looks at options together, once each by itself has been read. Problems are added to `problems`, oddities to
/// `warnings`, a sentence each.
pub(super) fn check(config: &Config, problems: &mut Vec<String>, warnings: &mut Vec<String>) {
    pairs(config, problems);
    match config.environment {
        Environment::Production => {
            keys_in_production(config, problems);
            problems.extend(weakness(config));
            problems.extend(open_to_any_page(config));
        }
        Environment::Development => {
            warnings.extend(weakness(config).map(|weakness| format!("{weakness} (production refuses this)")));
        }
    }
    if config.auth == Auth::Optional && config.environment == Environment::Production {
        warnings.push("AUTH=optional: connections without a token are served as guests".to_owned());
    }
}

fn pairs(config: &Config, problems: &mut Vec<String>) {
    let missing = match (&config.tls_cert_file, &config.tls_key_file) {
        (Some(_), None) => Some(("TLS_CERT_FILE", "TLS_KEY_FILE")),
        (None, Some(_)) => Some(("TLS_KEY_FILE", "TLS_CERT_FILE")),
        (Some(_), Some(_)) | (None, None) => None,
    };
    if let Some((set, unset)) = missing {
        problems.push(format!("{set} is set and {unset} is not: TLS needs both, set {unset} too"));
    }
    if config.jwks_url.is_some() && config.jwt_issuer.is_none() {
        problems.push(
            "JWKS_URL is set and JWT_ISSUER is not: the keys would vouch for tokens of any issuer, set JWT_ISSUER to the `iss` of those tokens"
                .to_owned(),
        );
    }
}

fn keys_in_production(config: &Config, problems: &mut Vec<String>) {
    let has_keys = config.jwt_secret.is_some()
        || config.jwt_key_file.is_some()
        || config.jwks_url.is_some()
        || config.firebase_project_id.is_some();
    if !has_keys {
        problems.push(
            "JWT_SECRET has to be set in production: to at least 32 random bytes, such as `openssl rand -base64 48` prints (or set JWT_KEY_FILE, JWKS_URL or FIREBASE_PROJECT_ID)"
                .to_owned(),
        );
    }
}

/// What is wrong with the secret, without a word of the secret itself.
fn weakness(config: &Config) -> Option<String> {
    let secret = config.jwt_secret.as_ref()?;
    let reason = match auth::secret_strength(secret.expose()) {
        SecretStrength::Good => return None,
        SecretStrength::Short { bytes } => {
            format!("has {bytes} bytes, and needs at least {MIN_SECRET_BYTES}")
        }
        SecretStrength::Sample => "is one that stands in examples, so everybody knows it".to_owned(),
        SecretStrength::Empty => "is empty".to_owned(),
        SecretStrength::Nul => "has a NUL byte in it".to_owned(),
    };
    Some(format!("JWT_SECRET {reason}: set it to what `openssl rand -base64 48` prints"))
}

fn open_to_any_page(config: &Config) -> Option<String> {
    match config.cors_origins {
        Origins::Listed(_) => None,
        Origins::Any => Some(
            "CORS_ORIGINS=* lets any page on the web use this server: in production, list the origins of your pages"
                .to_owned(),
        ),
    }
}
