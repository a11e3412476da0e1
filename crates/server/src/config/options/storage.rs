//! Where things are kept.

use std::path::PathBuf;

use super::super::{parse, values::Secret};
use super::{HOUR, Opt, SECOND, Secrecy, row};

pub(super) const ROWS: &[Opt] = &[
    row(
        "DATA_DIR",
        "./data",
        "The folder of the embedded database and of the keys that are made.",
        |config, text| {
            config.data_dir = PathBuf::from(text);
            Ok(())
        },
    ),
    Opt {
        secrecy: Secrecy::Secret,
        ..row(
            "DATABASE_URL",
            "",
            "`sqlite:PATH` or `postgres://USER:PASSWORD@HOST/NAME`; unset: `DB_HOST` and the like if set, else paraclete.db in the data folder.",
            |config, text| {
                config.database_url = Some(parse::database(text)?);
                Ok(())
            },
        )
    },
    row("DB_HOST", "", "The host of a PostgreSQL database, if `DATABASE_URL` is not set.", |config, text| {
        config.db_host = Some(text.to_owned());
        Ok(())
    }),
    row("DB_PORT", "5432", "Its port.", |config, text| {
        config.db_port = parse::number(text, 1..=u16::MAX)?;
        Ok(())
    }),
    row("DB_NAME", "paraclete", "Its name.", |config, text| {
        config.db_name = text.to_owned();
        Ok(())
    }),
    row("DB_USER", "paraclete", "Its user.", |config, text| {
        config.db_user = text.to_owned();
        Ok(())
    }),
    Opt {
        secrecy: Secrecy::Secret,
        ..row("DB_PASSWORD", "", "The password of its user.", |config, text| {
            config.db_password = Some(Secret::from(text));
            Ok(())
        })
    },
    row("DATABASE_POOL", "10", "Connections to the database.", |config, text| {
        config.database_pool = parse::number(text, 1..=1_000)?;
        Ok(())
    }),
    row(
        "DATABASE_TIMEOUT",
        "5s",
        "How long the database may take to answer before it counts as away.",
        |config, text| {
            config.database_timeout = parse::duration(text, SECOND / 10..=60 * SECOND)?;
            Ok(())
        },
    ),
    row("SLOW_QUERY", "200ms", "Queries that take longer are logged.", |config, text| {
        config.slow_query = parse::duration(text, SECOND / 1_000..=HOUR)?;
        Ok(())
    }),
];
