//! Who may connect, and how they prove who they are.

use std::path::PathBuf;

use super::super::{
    parse,
    values::{Auth, Secret},
};
use super::{DAY, Opt, Production, SECOND, SWITCH, Secrecy, row};

pub(super) const ROWS: &[Opt] = &[
    Opt {
        production: Production::MustBeSet("to `required`, or to `optional` if guests may connect"),
        ..row(
            "AUTH",
            "optional",
            "`required` refuses connections without a token, `optional` serves them as guests.",
            |config, text| {
                let words = [("required", Auth::Required), ("optional", Auth::Optional)];
                config.auth = parse::one_of(text, &words)?;
                Ok(())
            },
        )
    },
    Opt {
        aliases: &["SOCKET_JWT_SECRET"],
        secrecy: Secrecy::Secret,
        ..row(
            "JWT_SECRET",
            "",
            "The secret, at least 32 bytes, that signs and verifies tokens (HS256); unset in development: made once and kept in the data folder.",
            |config, text| {
                config.jwt_secret = Some(Secret::from(text));
                Ok(())
            },
        )
    },
    row(
        "JWT_KEY_FILE",
        "",
        "A PEM file: a private key signs and verifies tokens (RS256, ES256 or EdDSA, by its kind), a public key verifies them.",
        |config, text| {
            config.jwt_key_file = Some(PathBuf::from(text));
            Ok(())
        },
    ),
    row(
        "JWKS_URL",
        "",
        "Where the keys of another issuer of tokens are; needs `JWT_ISSUER`.",
        |config, text| {
            config.jwks_url = Some(parse::url(text)?);
            Ok(())
        },
    ),
    row("JWT_ISSUER", "", "The `iss` that tokens of other issuers must have.", |config, text| {
        config.jwt_issuer = Some(text.to_owned());
        Ok(())
    }),
    row(
        "JWT_AUDIENCE",
        "",
        "Audiences, with commas between them: tokens of other issuers must have one of them as `aud`.",
        |config, text| {
            config.jwt_audience = parse::list(text).map(str::to_owned).collect();
            Ok(())
        },
    ),
    row("FIREBASE_PROJECT_ID", "", "The Firebase project whose ID tokens are accepted.", |config, text| {
        config.firebase_project_id = Some(parse::firebase_project(text)?);
        Ok(())
    }),
    row("JWT_EXPIRES_IN", "15m", "How long an access token of an account lives.", |config, text| {
        config.jwt_expires_in = parse::duration(text, SECOND..=30 * DAY)?;
        Ok(())
    }),
    row(
        "REFRESH_TOKEN_EXPIRES_IN",
        "7d",
        "How long a refresh token lives; each use brings a new one.",
        |config, text| {
            config.refresh_token_expires_in = parse::duration(text, SECOND..=400 * DAY)?;
            Ok(())
        },
    ),
    row(
        "TOKEN_IN_QUERY",
        "false",
        "`true` takes the token of a Socket.IO connection from `?token=` too; URLs end up in logs of proxies.",
        |config, text| {
            config.token_in_query = parse::one_of(text, &SWITCH)?;
            Ok(())
        },
    ),
    row(
        "CLOSE_ON_EXPIRY",
        "false",
        "`true` ends a connection when its token expires, unless it brings a new one.",
        |config, text| {
            config.close_on_expiry = parse::one_of(text, &SWITCH)?;
            Ok(())
        },
    ),
    row(
        "ADMIN_CLAIM",
        "",
        "The claim that makes the bearer of another issuer's token an admin: `name` (which must be true) or `name=value`.",
        |config, text| {
            config.admin_claim = Some(parse::claim(text)?);
            Ok(())
        },
    ),
    row("ARGON2_MEMORY", "19MiB", "Memory that the hash of one password takes.", |config, text| {
        config.argon2_memory = parse::bytes(text, 19 << 20..=256 << 20)?;
        Ok(())
    }),
    row("ARGON2_PASSES", "2", "Passes over that memory.", |config, text| {
        config.argon2_passes = parse::number(text, 2..=16)?;
        Ok(())
    }),
];
