//! Which key a token has to be signed by, and whether it is.

use std::sync::Arc;

use rawjson::Value;
use secrecy::ExposeSecret;
use tokio_util::task::TaskTracker;

use crate::address;
use crate::claims::{Claims, Refused, Source};
use crate::compact::{Compact, Header};
use crate::key::{Algorithm, SigningKey, VerifyingKey};
use crate::pem::{self, KeyFile};
use crate::reading::{self, Rules};
use crate::remote::RemoteKeys;
use crate::secret::{SecretStrength, secret_strength};
use crate::settings::{AdminClaim, ISSUER, Settings, SettingsError};

/// Says whom a token belongs to.
///
/// Which keys count, and for which algorithm and issuer each, is settled when it is made. A copy is a reference.
#[derive(Clone, Debug)]
pub struct Verifier(Arc<Keys>);

#[derive(Debug)]
struct Keys {
    secret: Option<VerifyingKey>,
    key_file: Option<VerifyingKey>,
    own: Option<Source>,
    remotes: Vec<Remote>,
    issuer: Option<String>,
    audience: Vec<String>,
    admin_claim: Option<AdminClaim>,
}

/// An issuer whose keys are fetched.
#[derive(Debug)]
struct Remote {
    source: Source,
    issuer: String,
    audience: Vec<String>,
    keys: RemoteKeys,
}

impl Verifier {
    /// Requests for keys run as tasks of `tasks`.
    ///
    /// # Errors
    /// A key that cannot be used, an address that may not be asked, a combination that makes no sense. A short secret
    /// is no error here: see [`crate::secret_strength`].
    pub fn new(settings: &Settings, tasks: &TaskTracker) -> Result<Verifier, SettingsError> {
        let secret = secret(settings)?.map(VerifyingKey::secret);
        let (own, key_file) = match key_file(settings)? {
            Some(KeyFile::Private(key)) => {
                (Some(Source::KeyFile), Some(key.verifying().map_err(SettingsError::KeyFile)?))
            }
            Some(KeyFile::Public(key)) => (None, Some(key)),
            None => (None, None),
        };
        let own = own.or(secret.as_ref().map(|_| Source::Secret));
        Ok(Verifier(Arc::new(Keys {
            secret,
            key_file,
            own,
            remotes: remotes(settings, tasks)?,
            issuer: settings.issuer.clone(),
            audience: settings.audience.clone(),
            admin_claim: settings.admin_claim.clone(),
        })))
    }

    /// Says who the token belongs to. `now_ms` is the time in milliseconds since 1970.
    ///
    /// Does nothing but compute, save that it may wait up to 5 s for keys that have to be fetched.
    ///
    /// # Errors
    /// See [`Refused`]. The token's text is in none of them.
    pub async fn verify(&self, token: &str, now_ms: u64) -> Result<Claims, Refused> {
        let compact = Compact::split(token)?;
        let (header, claims) = (compact.header()?, compact.claims()?);
        let issuer = reading::issuer(claims)?;
        if let Some(source) = self.0.known(&compact, &header, issuer.as_deref())? {
            return self.0.read(claims, source, now_ms);
        }
        let remote = self.0.remote(&header, issuer.as_deref())?;
        let key = remote.keys.find(header.key_id.as_deref(), header.algorithm).await?;
        if !key.accepts(compact.signed, compact.signature) {
            return Err(NOT_SIGNED);
        }
        self.0.read(claims, remote.source, now_ms)
    }
}

const NOT_SIGNED: Refused = Refused::Invalid("not signed by a key that counts");

impl Keys {
    /// Who vouches for the token, if it is one of the keys that are here.
    fn known(
        &self,
        compact: &Compact<'_>,
        header: &Header,
        issuer: Option<&str>,
    ) -> Result<Option<Source>, Refused> {
        let (key, source) = match header.algorithm {
            Algorithm::Hs256 => (&self.secret, Source::Secret),
            Algorithm::Rs256 | Algorithm::Es256 | Algorithm::EdDsa => (&self.key_file, Source::KeyFile),
        };
        let key = key.as_ref().filter(|key| key.algorithm() == header.algorithm);
        if !key.is_some_and(|key| key.accepts(compact.signed, compact.signature)) {
            return Ok(None);
        }
        match (issuer == Some(ISSUER), self.own == Some(source)) {
            (false, _) => Ok(Some(source)),
            (true, true) => Ok(Some(Source::Account)),
            (true, false) => {
                Err(Refused::Invalid("names this server as its issuer, and is not signed by its key"))
            }
        }
    }

    /// The one whose keys the token has to be signed by, if it is by none that is here.
    fn remote(&self, header: &Header, issuer: Option<&str>) -> Result<&Remote, Refused> {
        match header.algorithm {
            // Nobody publishes a secret.
            Algorithm::Hs256 => Err(NOT_SIGNED),
            Algorithm::Rs256 | Algorithm::Es256 | Algorithm::EdDsa => {
                let remote = self.remotes.iter().find(|remote| Some(&*remote.issuer) == issuer);
                remote.ok_or(NOT_SIGNED)
            }
        }
    }

    fn read(&self, claims: Value<'_>, source: Source, now_ms: u64) -> Result<Claims, Refused> {
        let (issuer, audience) = match source {
            Source::Account => (Some(ISSUER), &[][..]),
            Source::Secret | Source::KeyFile | Source::Jwks => (self.issuer.as_deref(), &*self.audience),
            Source::Firebase => {
                let remote = self.remotes.iter().find(|remote| remote.source == source);
                let remote = remote.ok_or(NOT_SIGNED)?;
                (Some(&*remote.issuer), &*remote.audience)
            }
        };
        let admin_claim = self.admin_claim.as_ref();
        reading::read(claims, Rules { source, issuer, audience, admin_claim }, now_ms)
    }
}

/// The secret's bytes, if there is one that can be a key at all.
pub(crate) fn secret(settings: &Settings) -> Result<Option<&[u8]>, SettingsError> {
    let Some(secret) = &settings.secret else { return Ok(None) };
    let secret = secret.expose_secret();
    match secret_strength(secret) {
        SecretStrength::Empty => Err(SettingsError::Secret("empty")),
        SecretStrength::Nul => Err(SettingsError::Secret("cut: it has a NUL byte in it")),
        SecretStrength::Good | SecretStrength::Short { .. } | SecretStrength::Sample => {
            Ok(Some(secret.as_bytes()))
        }
    }
}

/// What is in the key file, if there is one.
pub(crate) fn key_file(settings: &Settings) -> Result<Option<KeyFile>, SettingsError> {
    let pem = settings.key_pem.as_ref().map(|text| pem::read(text.expose_secret()));
    pem.transpose().map_err(SettingsError::KeyFile)
}

/// The key that the server's own tokens are signed with: the private one of the file, or else the secret.
pub(crate) fn own_key(settings: &Settings) -> Result<SigningKey, SettingsError> {
    if let Some(KeyFile::Private(key)) = key_file(settings)? {
        return Ok(key);
    }
    secret(settings)?.map(SigningKey::secret).ok_or(SettingsError::NoSigningKey)
}

fn remotes(settings: &Settings, tasks: &TaskTracker) -> Result<Vec<Remote>, SettingsError> {
    let mut sources = Vec::new();
    if let Some(issuer) = &settings.issuer
        && (issuer == ISSUER || issuer.is_empty() || issuer.starts_with(FIREBASE_ISSUER))
    {
        return Err(SettingsError::ReservedIssuer(issuer.clone()));
    }
    if let Some(url) = &settings.jwks_url {
        let issuer = settings.issuer.clone().ok_or(SettingsError::NoIssuer)?;
        sources.push((Source::Jwks, issuer, settings.audience.clone(), ("JWKS_URL", url.as_str())));
    }
    if let Some(project) = &settings.firebase_project {
        if !is_project(project) {
            return Err(SettingsError::FirebaseProject(project.clone()));
        }
        let issuer = format!("{FIREBASE_ISSUER}{project}");
        let url = settings.firebase_keys_url.as_deref().unwrap_or(Settings::FIREBASE_KEYS_URL);
        sources.push((
            Source::Firebase,
            issuer,
            vec![project.clone()],
            ("the address of Firebase's keys", url),
        ));
    }
    let remote = |(source, issuer, audience, (option, url))| {
        let url = address::check(option, url, settings.plain_http)?;
        let client = RemoteKeys::client().map_err(|error| SettingsError::Client(error.to_string()))?;
        Ok(Remote { source, issuer, audience, keys: RemoteKeys::new(url, client, tasks.clone()) })
    };
    sources.into_iter().map(remote).collect()
}

/// What the issuer of a Firebase ID token begins with; the project follows.
const FIREBASE_ISSUER: &str = "https://securetoken.google.com/";

fn is_project(id: &str) -> bool {
    let is_usual = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-:.".contains(&byte);
    (4..=64).contains(&id.len()) && id.bytes().all(is_usual)
}
