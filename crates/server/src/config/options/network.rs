//! Where the server is, and for whom.

use super::super::{parse, values::Network};
use super::{ENVIRONMENTS, Opt, Production, row};
use std::path::PathBuf;

pub(super) const ROWS: &[Opt] = &[
    Opt {
        aliases: &["NODE_ENV"],
        ..row(
            "PARACLETE_ENV",
            "development",
            "`development`, or `production`, which demands what must not be guessed.",
            |config, text| {
                config.environment = parse::one_of(text, &ENVIRONMENTS)?;
                Ok(())
            },
        )
    },
    Opt {
        production: Production::Default("0.0.0.0"),
        ..row("HOST", "127.0.0.1", "The address to listen on.", |config, text| {
            config.host = parse::host(text)?;
            Ok(())
        })
    },
    Opt {
        aliases: &["SIGNALING_SERVER_PORT"],
        ..row("PORT", "3000", "The port to listen on; 0 takes a free one.", |config, text| {
            config.port = parse::number(text, 0..=u16::MAX)?;
            Ok(())
        })
    },
    row("PROMETHEUS_PORT", "", "A port of its own for `/metrics`; unset: the main one.", |config, text| {
        config.prometheus_port = Some(parse::number(text, 0..=u16::MAX)?);
        Ok(())
    }),
    row(
        "TLS_CERT_FILE",
        "",
        "The certificate chain (PEM) of a server that speaks TLS itself; read anew when it changes.",
        |config, text| {
            config.tls_cert_file = Some(PathBuf::from(text));
            Ok(())
        },
    ),
    row("TLS_KEY_FILE", "", "The private key (PEM) of that certificate.", |config, text| {
        config.tls_key_file = Some(PathBuf::from(text));
        Ok(())
    }),
    Opt {
        aliases: &["CORS_ORIGIN", "ALLOWED_ORIGINS", "CLIENT_URL"],
        production: Production::MustBeSet("to the origins of your pages, with commas between them"),
        ..row(
            "CORS_ORIGINS",
            "*",
            "Origins from which browsers may use this server, with commas between them; `*` is any, without credentials.",
            |config, text| {
                config.cors_origins = parse::origins(text)?;
                Ok(())
            },
        )
    },
    row(
        "TRUSTED_PROXIES",
        "",
        "Addresses or ranges of the proxies whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed.",
        |config, text| {
            config.trusted_proxies = parse::list(text).map(Network::parse).collect::<Result<_, _>>()?;
            Ok(())
        },
    ),
];
