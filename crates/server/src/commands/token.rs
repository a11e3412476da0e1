//! `paraclete token create`, `inspect` and `revoke`.

use std::io::{self, Read as _};

use anyhow::{Context as _, bail};
use auth::{Refused, Signer, Source, Verifier};
use domain::{Tenant, UserId};
use serde_json::{Map, Value, json};
use store::{Families, Revocation, Revoked, Store};
use tokio_util::task::TaskTracker;
use uuid::Uuid;

use super::{print, say, time::in_words};
use crate::{
    cli::{self, NewToken, What},
    clock,
    config::Config,
    identity::keys,
};

/// How long a revocation is kept: longer than any token that this program makes is good for.
pub(super) const KEPT_MS: u64 = 401 * 86_400 * 1_000;

/// The longest text that is looked at for a token.
const MAX_TOKEN_BYTES: u64 = 64 << 10;

/// Accounts that are looked at in one go.
const PAGE: u32 = 500;

/// Prints a token.
pub(super) async fn create(wanted: NewToken, config: &Config, tasks: &TaskTracker) -> anyhow::Result<()> {
    let settings = keys::settings(config)?;
    let signer = Signer::new(&settings)?;
    let now_ms = clock::wall_ms();
    let expires_at_ms =
        now_ms.saturating_add(u64::try_from(wanted.expires_in.as_millis()).unwrap_or(u64::MAX));
    let id = Uuid::new_v4().to_string();
    let claims = claims(&wanted, config, &id, [now_ms / 1_000, expires_at_ms / 1_000]);
    let token = signer.sign_claims(claims)?;
    // What nobody would accept must not look like a token that was made.
    let verifier = Verifier::new(&settings, tasks)?;
    verifier.verify(&token, now_ms).await.context("no token was made: this server would not accept it")?;
    say(&format!(
        "for {}, until {} ({}), id {id}",
        wanted.user,
        clock::iso8601(expires_at_ms),
        in_words(expires_at_ms, now_ms)
    ))?;
    print(&token)
}

fn claims(
    wanted: &NewToken,
    config: &Config,
    id: &str,
    [issued_at, expires_at]: [u64; 2],
) -> Map<String, Value> {
    let mut claims: Map<String, Value> = wanted.claims.iter().cloned().collect();
    let mut claim = |name: &str, value: Value| drop(claims.insert(name.to_owned(), value));
    if let Some(issuer) = &config.jwt_issuer {
        claim("iss", json!(issuer));
    }
    if let Some(audience) = config.jwt_audience.first() {
        claim("aud", json!(audience));
    }
    claim("sub", json!(wanted.user.as_str()));
    claim("userId", json!(wanted.user.as_str()));
    if let Some(name) = &wanted.name {
        claim("name", json!(name.as_str()));
    }
    if let Some(role) = &wanted.role {
        claim("role", json!(role));
    }
    if let Some(tenant) = wanted.tenant.name() {
        claim("tenant", json!(tenant));
    }
    if !wanted.rooms.is_empty() {
        let grant =
            |room: &domain::RoomPattern| json!({ "room": room.to_string(), "join": true, "publish": true });
        claim("rooms", wanted.rooms.iter().map(grant).collect());
    }
    claim("iat", json!(issued_at));
    claim("exp", json!(expires_at));
    claim("jti", json!(id));
    claims
}

/// Prints what is in a token, and what the configured keys make of it.
pub(super) async fn inspect(
    token: Option<String>,
    config: &Config,
    tasks: &TaskTracker,
) -> anyhow::Result<()> {
    let token = match token {
        Some(token) => token,
        None => from_input()?,
    };
    let token = token.trim();
    let inspection = auth::inspect(token).context("this is no token")?;
    print(&harmless(&format!("header   {}", inspection.header)))?;
    print(&harmless(&format!("claims   {:#}", inspection.claims)))?;
    let now_ms = clock::wall_ms();
    for (name, word) in [("iat", "issued"), ("nbf", "from"), ("exp", "expires")] {
        if let Some(seconds) = inspection.claims.get(name).and_then(Value::as_f64) {
            // A time that is none is for the verdict to tell.
            let at_ms = (seconds.clamp(0.0, 253_402_300_799.0) * 1_000.0) as u64;
            print(&format!("{word:8} {} ({})", clock::iso8601(at_ms), in_words(at_ms, now_ms)))?;
        }
    }
    let verifier = Verifier::new(&keys::settings(config)?, tasks)?;
    match verifier.verify(token, now_ms).await {
        Ok(claims) => print(&format!(
            "verdict  good: {}, vouched for by {}; whether it was revoked the server knows",
            claims.user,
            voucher(claims.source)
        )),
        Err(refused) => {
            print(&format!("verdict  {refused}"))?;
            match refused {
                Refused::Invalid(_) | Refused::Expired => bail!("the token is not good: {refused}"),
                Refused::Unavailable => bail!("nobody can say whether the token is good: {refused}"),
            }
        }
    }
}

/// JSON as a terminal may be shown it: anybody can write a token, and some characters are commands to terminals. Those
/// that JSON lets stand are escaped as it escapes the others.
fn harmless(json: &str) -> String {
    let mut shown = String::with_capacity(json.len());
    for character in json.chars() {
        if character.is_control() && character != '\n' {
            shown.push_str(&format!("\\u{:04x}", u32::from(character)));
        } else {
            shown.push(character);
        }
    }
    shown
}

fn voucher(source: Source) -> &'static str {
    match source {
        Source::Account => "this server, as an account's",
        Source::Secret => "JWT_SECRET",
        Source::KeyFile => "JWT_KEY_FILE",
        Source::Jwks => "JWKS_URL",
        Source::Firebase => "FIREBASE_PROJECT_ID",
    }
}

fn from_input() -> anyhow::Result<String> {
    if io::IsTerminal::is_terminal(&io::stdin()) {
        say("the token, and Enter:")?;
        let mut line = String::new();
        io::stdin().read_line(&mut line)?;
        return Ok(line);
    }
    let mut text = String::new();
    io::stdin().take(MAX_TOKEN_BYTES).read_to_string(&mut text).context("cannot read standard input")?;
    Ok(text)
}

/// Writes down what counts no more; servers look there twice a second.
pub(super) async fn revoke(wanted: cli::Revocation, store: &dyn Store) -> anyhow::Result<()> {
    let now_ms = clock::wall_ms();
    let (tenant, issued_before_ms) = (wanted.tenant, wanted.issued_before_ms.unwrap_or(now_ms));
    let what = match wanted.what.clone() {
        What::Id(id) => Revoked::Token(id),
        What::User(user) => Revoked::User { user, issued_before_ms },
        What::All => Revoked::All { issued_before_ms },
    };
    let is_default = tenant == Tenant::default();
    let expires_at_ms = now_ms.saturating_add(KEPT_MS);
    store.revoke(&Revocation { tenant, what, revoked_at_ms: now_ms, expires_at_ms }).await?;
    // A refresh token would bring the next access token, with a later time. Accounts are of the default tenant.
    match &wanted.what {
        What::Id(_) => {}
        What::User(user) if is_default => end_log_ins(store, user, now_ms).await?,
        What::All if is_default => end_all_log_ins(store, now_ms).await?,
        What::User(_) | What::All => {}
    }
    say(&match wanted.what {
        What::Id(id) => format!("the token {id} counts no more"),
        What::User(user) => {
            format!(
                "tokens of {user} from before {} count no more, and all log-ins have ended",
                clock::iso8601(issued_before_ms)
            )
        }
        What::All => {
            format!(
                "tokens from before {} count no more, and all log-ins have ended",
                clock::iso8601(issued_before_ms)
            )
        }
    })
}

async fn end_log_ins(store: &dyn Store, user: &UserId, now_ms: u64) -> Result<(), store::Error> {
    store.revoke_families(&Families::OfUser(user.clone()), now_ms, now_ms.saturating_add(KEPT_MS)).await
}

async fn end_all_log_ins(store: &dyn Store, now_ms: u64) -> Result<(), store::Error> {
    let mut last: Option<UserId> = None;
    loop {
        let page = store.list_users(last.as_ref(), PAGE).await?;
        let Some(user) = page.last() else { return Ok(()) };
        last = Some(user.id.clone());
        for user in &page {
            end_log_ins(store, &user.id, now_ms).await?;
        }
    }
}
