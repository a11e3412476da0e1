//! Values in and out of statements, and lists of rows.

use domain::{Tenant, UserId};
use sqlx::any::{AnyArguments, AnyRow};
use sqlx::query::Query;
use sqlx::{Any, AnyConnection, Decode, Row, Type};

use crate::error::Error;

/// Begins a statement.
pub(super) fn query(text: &'static str) -> Query<'static, Any, AnyArguments> {
    sqlx::query(text)
}

/// Runs a text without values.
pub(super) async fn execute(link: &mut AnyConnection, text: &'static str) -> Result<(), Error> {
    sqlx::raw_sql(text).execute(link).await?;
    Ok(())
}

/// A time as it is stored.
pub(super) fn time(at_ms: u64) -> i64 {
    i64::try_from(at_ms).unwrap_or(i64::MAX)
}

/// A world as it is stored: the default one is the empty text, which no other is called.
pub(super) fn tenant_text(tenant: &Tenant) -> String {
    tenant.name().unwrap_or_default().to_owned()
}

/// Reads columns by their names, each as the type that it should be; anything else is a damaged row.
pub(super) trait Columns {
    /// The value of that column.
    fn get_as<'r, T: Decode<'r, Any> + Type<Any>>(&'r self, column: &'static str) -> Result<T, Error>;

    /// A time or `None`.
    fn time_or_none(&self, column: &'static str) -> Result<Option<u64>, Error> {
        Ok(self.get_as::<Option<i64>>(column)?.map(i64::cast_unsigned))
    }

    /// A time.
    fn time(&self, column: &'static str) -> Result<u64, Error> {
        self.get_as::<i64>(column).map(i64::cast_unsigned)
    }

    /// Who.
    fn user_id(&self, column: &'static str) -> Result<UserId, Error> {
        UserId::try_from(self.get_as::<&str>(column)?).map_err(|_| damaged(column))
    }
}

impl Columns for AnyRow {
    fn get_as<'r, T: Decode<'r, Any> + Type<Any>>(&'r self, column: &'static str) -> Result<T, Error> {
        self.try_get(column).map_err(|_| damaged(column))
    }
}

/// What to say of a value that we never wrote.
pub(super) fn damaged(column: &'static str) -> Error {
    Error::broken(format!(
        "a value of the column {column} is none that this program wrote: put back a backup"
    ))
}

/// How many rows a statement takes, the largest first. Few lengths, so that each stays prepared.
const LENGTHS: [usize; 5] = [256, 64, 16, 4, 1];

/// A statement with a list of rows, in its lengths.
pub(super) struct Bulk([String; LENGTHS.len()]);

impl Bulk {
    /// `{rows}` in the text becomes as many rows as there are, of as many values each.
    pub(super) fn new(text: &str, width: usize) -> Bulk {
        Bulk(LENGTHS.map(|length| text.replace("{rows}", &placeholders(length, width))))
    }

    /// Runs it for all those rows, in order and with as few statements as that takes.
    pub(super) async fn run<R>(
        &'static self,
        link: &mut AnyConnection,
        mut rows: &[R],
        bind: fn(Query<'static, Any, AnyArguments>, &R) -> Query<'static, Any, AnyArguments>,
    ) -> Result<(), Error> {
        for (length, text) in LENGTHS.into_iter().zip(&self.0) {
            while let Some((now, later)) = rows.split_at_checked(length) {
                now.iter().fold(query(text), bind).execute(&mut *link).await?;
                rows = later;
            }
        }
        Ok(())
    }
}

/// `($1, $2), ($3, $4)` and so on.
fn placeholders(length: usize, width: usize) -> String {
    let row = |row: usize| {
        let values: Vec<String> = (1..=width).map(|column| format!("${}", row * width + column)).collect();
        format!("({})", values.join(", "))
    };
    (0..length).map(row).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_rows_has_a_place_for_each_value() {
        assert_eq!(placeholders(2, 3), "($1, $2, $3), ($4, $5, $6)");
        assert_eq!(Bulk::new("VALUES {rows};", 1).0[3], "VALUES ($1), ($2), ($3), ($4);");
    }

    #[test]
    fn times_beyond_what_a_database_can_hold_are_the_last_that_it_can() {
        assert_eq!(time(7), 7);
        assert_eq!(time(u64::MAX), i64::MAX);
    }
}
