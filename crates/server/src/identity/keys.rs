//! The keys that the configuration names, and the one that is made where it names none.

use std::{
    fs::{self, DirBuilder, OpenOptions},
    io::{self, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};

use auth::{AdminClaim, MIN_SECRET_BYTES, PlainHttp, Settings, SettingsError, Signer, Verifier};
use secrecy::{ExposeSecret as _, SecretString};
use tokio_util::task::TaskTracker;

use crate::config::{Config, Environment};

/// The file in the data folder that keeps the secret that was made.
const SECRET_FILE: &str = "jwt-secret";

/// Random bytes of a secret that is made; twice as many characters stand in the file.
const SECRET_BYTES: usize = 32;

/// What tokens are verified and signed with.
#[derive(Debug)]
pub struct Keys {
    /// Verifies them.
    pub verifier: Verifier,
    /// Signs those of accounts; none if no key of this server's own is configured, so that accounts cannot sign in.
    pub signer: Option<Signer>,
}

/// Why there are no keys.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// Options that cannot be used.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// The key file cannot be read.
    #[error("JWT_KEY_FILE {}: {error}", path.display())]
    KeyFile {
        /// The file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// The secret that was made can be neither kept nor found again.
    #[error("{}: {error}: let this server write into DATA_DIR, or set JWT_SECRET", path.display())]
    SecretFile {
        /// The file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// The system has no randomness to give.
    #[error("a secret for tokens cannot be made: the machine gave no randomness")]
    NoRandomness,
}

impl Keys {
    /// The keys of the configuration. Those of other issuers are fetched by tasks of `tasks` when they are needed.
    ///
    /// # Errors
    /// [`KeysError`].
    pub fn open(config: &Config, tasks: &TaskTracker) -> Result<Self, KeysError> {
        let settings = settings(config)?;
        let signer = match Signer::new(&settings) {
            Ok(signer) => Some(signer),
            Err(SettingsError::NoSigningKey) => None,
            Err(error) => return Err(error.into()),
        };
        Ok(Self { verifier: Verifier::new(&settings, tasks)?, signer })
    }
}

/// The options of the configuration that concern tokens, read from their files. In development, where no key is named, a secret
/// is made once and kept.
///
/// # Errors
/// [`KeysError`].
pub fn settings(config: &Config) -> Result<Settings, KeysError> {
    let secret = match (&config.jwt_secret, &config.jwt_key_file, config.environment) {
        (Some(secret), _, _) => Some(SecretString::from(secret.expose())),
        (None, None, Environment::Development) => Some(kept_secret(&config.data_dir)?),
        (None, _, _) => None,
    };
    let key_pem = config.jwt_key_file.as_ref().map(|path| {
        let text = fs::read_to_string(path);
        text.map(SecretString::from).map_err(|error| KeysError::KeyFile { path: path.clone(), error })
    });
    Ok(Settings {
        secret,
        key_pem: key_pem.transpose()?,
        issuer: config.jwt_issuer.clone(),
        audience: config.jwt_audience.clone(),
        jwks_url: config.jwks_url.clone(),
        firebase_project: config.firebase_project_id.clone(),
        firebase_keys_url: None,
        admin_claim: config
            .admin_claim
            .as_ref()
            .map(|claim| AdminClaim { name: claim.name.clone(), value: claim.value.clone() }),
        plain_http: match config.environment {
            Environment::Development => PlainHttp::Anywhere,
            Environment::Production => PlainHttp::LoopbackAlone,
        },
        lifetime: Some(config.jwt_expires_in),
    })
}

/// The secret in the data folder, made if there is none.
fn kept_secret(folder: &Path) -> Result<SecretString, KeysError> {
    let path = folder.join(SECRET_FILE);
    let failed = |error| KeysError::SecretFile { path: path.clone(), error };
    match kept(&path) {
        Ok(secret) => return Ok(secret),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(failed(error)),
    }
    let secret = hex(&random()?);
    keep(folder, &path, &secret).map_err(failed)?;
    // Whoever was first has made the one that counts.
    let kept = kept(&path).map_err(failed)?;
    if kept.expose_secret() == secret {
        tracing::info!(path = %path.display(), "a secret for tokens was made and is kept");
    }
    Ok(kept)
}

/// What is kept there, unless it cannot be what was made: somebody else's choice would sign tokens.
fn kept(path: &Path) -> io::Result<SecretString> {
    let found = fs::symlink_metadata(path)?;
    if !found.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "it is no file, but a link or a folder"));
    }
    let text = fs::read_to_string(path)?;
    let secret = text.trim();
    if secret.len() < MIN_SECRET_BYTES {
        let why = format!("it is shorter than {MIN_SECRET_BYTES} bytes");
        return Err(io::Error::new(io::ErrorKind::InvalidData, why));
    }
    if found.permissions().mode() & 0o077 != 0 {
        tracing::warn!(path = %path.display(), "others may read or write the secret for tokens: it is its owner's alone (chmod 600)");
    }
    Ok(SecretString::from(secret))
}

/// Puts the whole file there in one step, for its owner alone, unless there is one already.
fn keep(folder: &Path, path: &Path, secret: &str) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    let unlikely = random().map_err(io::Error::other)?;
    let draft = folder.join(format!(".{SECRET_FILE}.{}", hex(&unlikely[..8])));
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&draft)?;
    let linked =
        writeln!(file, "{secret}").and_then(|()| file.sync_all()).and_then(|()| {
            match fs::hard_link(&draft, path) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
                linked => linked,
            }
        });
    fs::remove_file(&draft)?;
    linked
}

fn random() -> Result<[u8; SECRET_BYTES], KeysError> {
    let mut bytes = [0; SECRET_BYTES];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|_| KeysError::NoRandomness)?;
    Ok(bytes)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use std::{os::unix::fs::symlink, thread};

    use testkit::Folder;

    use super::*;

    fn config(folder: &Folder) -> Config {
        let data_dir = folder.path().join("made/by us");
        Config { data_dir, ..Config::defaults(Environment::Development) }
    }

    fn secret(config: &Config) -> String {
        settings(config).unwrap().secret.unwrap().expose_secret().to_owned()
    }

    #[test]
    fn a_secret_is_made_once_kept_for_its_owner_alone_and_found_again() {
        let folder = Folder::new();
        let config = config(&folder);
        let made = secret(&config);
        assert_eq!((made.len(), secret(&config)), (64, made.clone()));
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&config.data_dir.join("jwt-secret")), 0o600);
        assert_eq!(mode(&config.data_dir), 0o700);
        assert_eq!(fs::read_dir(&config.data_dir).unwrap().count(), 1, "no draft is left");
        assert_ne!(secret(&self::config(&Folder::new())), made, "another folder, another secret");
    }

    #[test]
    fn of_those_who_start_at_once_all_have_one_secret() {
        let folder = Folder::new();
        let config = config(&folder);
        let secrets: Vec<String> = thread::scope(|scope| {
            let makers: Vec<_> = (0..8).map(|_| scope.spawn(|| secret(&config))).collect();
            makers.into_iter().map(|maker| maker.join().unwrap()).collect()
        });
        assert!(secrets.iter().all(|secret| *secret == secrets[0]), "{secrets:?}");
        assert_eq!(fs::read_dir(&config.data_dir).unwrap().count(), 1);
    }

    #[test]
    fn no_secret_is_made_where_a_key_is_configured_or_in_production() {
        let folder = Folder::new();
        let config = config(&folder);
        let named = Config { jwt_secret: Some("0f5b8c1e9d7a46b2a3c4d5e6f7081920".into()), ..config.clone() };
        assert_eq!(secret(&named), "0f5b8c1e9d7a46b2a3c4d5e6f7081920");
        let production = Config { environment: Environment::Production, ..config.clone() };
        assert!(settings(&production).unwrap().secret.is_none());
        let missing = Config { jwt_key_file: Some(folder.path().join("missing.pem")), ..config.clone() };
        assert!(settings(&missing).unwrap_err().to_string().starts_with("JWT_KEY_FILE"));
        assert!(!config.data_dir.exists());
    }

    #[test]
    fn a_folder_that_cannot_be_and_a_secret_that_was_not_made_here_are_told() {
        let folder = Folder::new();
        let config = config(&folder);
        fs::write(folder.path().join("made"), "a file").unwrap();
        let error = settings(&config).unwrap_err().to_string();
        assert!(error.contains("jwt-secret") && error.contains("set JWT_SECRET"), "{error}");
        let config = Config { data_dir: folder.path().into(), ..config };
        let (kept, other) = (folder.path().join("jwt-secret"), folder.path().join("other"));
        for short in ["\n", "abc\n"] {
            fs::write(&kept, short).unwrap();
            let error = settings(&config).unwrap_err().to_string();
            assert!(error.contains("shorter than 32 bytes") && error.contains("set JWT_SECRET"), "{error}");
        }
        fs::remove_file(&kept).unwrap();
        fs::write(&other, "0f5b8c1e9d7a46b2a3c4d5e6f7081920").unwrap();
        symlink(&other, &kept).unwrap();
        let error = settings(&config).unwrap_err().to_string();
        assert!(error.contains("a link"), "{error}");
    }
}
