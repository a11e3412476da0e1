//! What the codes of two databases mean to a caller.

use std::io;

use crate::error::Error;

#[expect(clippy::wildcard_enum_match_arm, reason = "what the driver may add is broken until we know better")]
impl From<sqlx::Error> for Error {
    /// Names the kind and the code, and nothing that could hold a value, SQL or an address.
    fn from(error: sqlx::Error) -> Error {
        if let sqlx::Error::Database(error) = &error {
            return of_database(error.as_ref());
        }
        if let sqlx::Error::Io(error) = &error {
            return Error::unavailable(format!("the connection failed: {}", error.kind()));
        }
        let why = match &error {
            sqlx::Error::PoolTimedOut => "no connection could be had in time",
            sqlx::Error::PoolClosed => "the pool is closed",
            sqlx::Error::WorkerCrashed => "the thread of the database ended",
            sqlx::Error::Protocol(_) => "the connection broke in the middle of an answer",
            sqlx::Error::BeginFailed => "the connection was lost before a transaction began",
            sqlx::Error::Tls(_) => "no TLS connection could be made: look at sslmode and at the certificates",
            sqlx::Error::Configuration(_) => {
                return Error::broken(
                    "its URL cannot be used: write sqlite:<path> or postgres://user:password@host/name",
                );
            }
            other => return Error::broken(format!("the driver failed: {}", name_of(other))),
        };
        Error::unavailable(why)
    }
}

/// The variant's name, without what it holds.
fn name_of(error: &sqlx::Error) -> String {
    let debug = format!("{error:?}");
    debug.chars().take_while(char::is_ascii_alphanumeric).collect()
}

/// What PostgreSQL says (40P01, 40001) to the one of several transactions that it ended so that the others could go on.
const CIRCLE_OF_LOCKS: &str = "others held what it needed, and needed what it held";

impl Error {
    pub(super) fn is_of_a_circle_of_locks(&self) -> bool {
        matches!(self, Error::Unavailable { why } if why == CIRCLE_OF_LOCKS)
    }

    /// What the file system says, for a file or folder of ours.
    pub(super) fn of_file(doing: &'static str, error: &io::Error) -> Error {
        let why = format!(
            "{doing} failed: {}: look at the folder of the database and its permissions",
            error.kind()
        );
        Error::broken(why)
    }
}

fn of_database(error: &dyn sqlx::error::DatabaseError) -> Error {
    if error.is_unique_violation() {
        return Error::Conflict;
    }
    let code = error.code().unwrap_or_default().into_owned();
    match code.parse::<u32>() {
        // An SQLSTATE has five characters, SQLite's numbers have at most four digits.
        Ok(number) if code.len() < 5 => of_sqlite(number),
        Ok(_) | Err(_) => of_postgres(&code),
    }
}

/// By the primary result code: <https://sqlite.org/rescode.html>.
fn of_sqlite(number: u32) -> Error {
    let (is_away, what) = match number & 0xff {
        5 | 6 => (true, "another process holds the database"),
        7 => (true, "no memory"),
        8 => (true, "the database may not be written"),
        9 => (true, "interrupted"),
        10 => (true, "reading or writing the file failed"),
        13 => (true, "the disk is full"),
        14 => (true, "the file cannot be opened"),
        11 => (false, "the file is damaged: put back a backup"),
        26 => (false, "the file is no SQLite database: name another one, or move it away"),
        _ => (false, "SQLite refused"),
    };
    let why = format!("{what} (SQLite {number})");
    if is_away { Error::unavailable(why) } else { Error::broken(why) }
}

/// By the class: <https://www.postgresql.org/docs/15/errcodes-appendix.html>.
fn of_postgres(code: &str) -> Error {
    let (is_away, what) = match (code, code.get(..2).unwrap_or_default()) {
        ("40P01" | "40001", _) => return Error::unavailable(CIRCLE_OF_LOCKS),
        ("57014", _) => (true, "the statement took too long"),
        ("55P03", _) => (true, "a lock could not be had in time"),
        ("53100", _) => (true, "the disk is full"),
        ("25006", _) => (true, "the database is read-only, as a standby is"),
        ("25P03", _) => (true, "the transaction was idle for too long"),
        ("28P01" | "28000", _) => (false, "the database refuses the user or the password"),
        ("3D000", _) => (false, "there is no database of that name: create it"),
        ("42501", _) => (false, "the user may not do that: grant it the rights on the database's schema"),
        (_, "08") => (true, "the connection failed"),
        (_, "40") => (true, "the database gave up in favour of another transaction"),
        (_, "53") => (true, "the database is out of resources"),
        (_, "57") => (true, "the database is going down or coming up"),
        (_, "58") => (true, "the database's system failed"),
        _ => (false, "PostgreSQL refused"),
    };
    let why = format!("{what} (PostgreSQL {code})");
    if is_away { Error::unavailable(why) } else { Error::broken(why) }
}
