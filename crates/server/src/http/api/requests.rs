//! What bodies must be, and what they are answered with.
//!
//! The rules are in the types of the members; the patterns beside them say the same to machines.

use auth::{Email, Password, RefreshToken};
use domain::{Username, messages::http as say};
use utoipa::ToSchema;

use super::fields::{Fields, Read};

/// An account that is to be made.
#[derive(Debug, ToSchema)]
pub(super) struct Register {
    /// By which one logs in; upper and lower case are the same.
    #[schema(value_type = String, max_length = 254, pattern = "^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]{1,30}(\\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]{1,30})?@([A-Za-z0-9]{1,63}\\.){1,3}[A-Za-z0-9]{1,63}$", example = "ada@example.org")]
    pub(super) email: Email,
    /// What one proves with that the account is one's own.
    #[schema(value_type = String, min_length = 8, max_length = 128, pattern = "^[^\\u0000-\\u001f\\u007f-\\u009f]*$", example = "correct horse battery staple")]
    pub(super) password: Password,
    /// What others see one called.
    #[schema(value_type = String, min_length = 2, max_length = 50, pattern = "^[^\\u0000-\\u001f\\u007f-\\u009f\\u2028\\u2029\\u202a-\\u202e\\u2066-\\u2069]*$", example = "Ada Lovelace")]
    pub(super) name: Username,
}

impl Read for Register {
    fn read(fields: &mut Fields) -> Option<Self> {
        let email = email(fields);
        let password = password(fields, "password");
        let name = fields.text("name", say::NAME_RULE, name);
        Some(Self { email: email?, password: password?, name: name? })
    }
}

/// Somebody who logs in.
#[derive(Debug, ToSchema)]
pub(super) struct LogIn {
    /// As it was registered, in upper or lower case.
    #[schema(value_type = String, max_length = 254, pattern = "^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]{1,30}(\\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]{1,30})?@([A-Za-z0-9]{1,63}\\.){1,3}[A-Za-z0-9]{1,63}$", example = "ada@example.org")]
    pub(super) email: Email,
    /// One that is too short to be anybody's is as wrong as any other.
    #[schema(value_type = String, min_length = 1, max_length = 128, pattern = "^[^\\u0000-\\u001f\\u007f-\\u009f]*$", example = "correct horse battery staple")]
    pub(super) password: Guess,
}

/// What somebody claims to be the password.
#[derive(Debug)]
pub(super) enum Guess {
    /// It may be.
    Possible(Password),
    /// Nobody's password is that short: to say so tells nothing of any account.
    TooShort,
}

impl Guess {
    fn read(text: String) -> Option<Self> {
        let is_short =
            (1..Password::MIN_CHARACTERS).contains(&text.chars().take(Password::MIN_CHARACTERS).count());
        if is_short && !text.chars().any(char::is_control) {
            return Some(Self::TooShort);
        }
        Password::try_from(text).ok().map(Self::Possible)
    }
}

impl Read for LogIn {
    fn read(fields: &mut Fields) -> Option<Self> {
        let email = email(fields);
        let password = fields.text("password", say::PASSWORD_RULE, Guess::read);
        Some(Self { email: email?, password: password? })
    }
}

/// A refresh token that is to be spent.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "camelCase")]
pub(super) struct Refresh {
    /// What the last login or refresh gave.
    #[schema(value_type = String, max_length = 1024, pattern = "^[^\\u0000]*$", example = "pr_JfLZDvO1qwfPjo5ZrPJzg2yLVvKkhVqS6D2TjJ6z1Ks")]
    pub(super) refresh_token: Shown,
}

/// What was shown as a refresh token; `None`: no refresh token looks like that, so it is one that is not good.
#[derive(Debug)]
pub(super) struct Shown(pub(super) Option<RefreshToken>);

impl Shown {
    /// Far longer than any refresh token, in characters.
    const MAX_LENGTH: usize = 1_024;

    #[expect(clippy::needless_pass_by_value, reason = "as the readers of other members")]
    fn read(text: String) -> Option<Self> {
        let is_fit = text.chars().take(Self::MAX_LENGTH + 1).count() <= Self::MAX_LENGTH;
        is_fit.then(|| Self(RefreshToken::try_from(text.as_str()).ok()))
    }
}

impl Read for Refresh {
    fn read(fields: &mut Fields) -> Option<Self> {
        fields
            .text("refreshToken", say::REFRESH_TOKEN_RULE, Shown::read)
            .map(|refresh_token| Self { refresh_token })
    }
}

/// What is to end.
#[derive(Debug, Default, ToSchema)]
#[schema(rename_all = "camelCase")]
pub(super) struct LogOut {
    /// Ends the log-in that it is of. Without an access token this is what shows who one is.
    #[schema(value_type = Option<String>, max_length = 1024, pattern = "^[^\\u0000]*$", example = "pr_JfLZDvO1qwfPjo5ZrPJzg2yLVvKkhVqS6D2TjJ6z1Ks")]
    pub(super) refresh_token: Option<Shown>,
    /// Ends all log-ins of the user.
    #[schema(required = false, default = false)]
    pub(super) everywhere: bool,
}

impl Read for LogOut {
    fn read(fields: &mut Fields) -> Option<Self> {
        let refresh_token = fields.optional_text("refreshToken", say::REFRESH_TOKEN_RULE, Shown::read);
        let everywhere = fields.switch("everywhere");
        Some(Self { refresh_token: refresh_token?, everywhere: everywhere? })
    }
}

/// Another password.
#[derive(Debug, ToSchema)]
#[schema(rename_all = "camelCase")]
pub(super) struct ChangePassword {
    /// The one of until now.
    #[schema(value_type = String, min_length = 1, max_length = 128, pattern = "^[^\\u0000-\\u001f\\u007f-\\u009f]*$", example = "correct horse battery staple")]
    pub(super) old_password: Guess,
    /// The one of from now on.
    #[schema(value_type = String, min_length = 8, max_length = 128, pattern = "^[^\\u0000-\\u001f\\u007f-\\u009f]*$", example = "correct horse battery staple")]
    pub(super) new_password: Password,
}

impl Read for ChangePassword {
    fn read(fields: &mut Fields) -> Option<Self> {
        let old_password = fields.text("oldPassword", say::PASSWORD_RULE, Guess::read);
        let new_password = password(fields, "newPassword");
        Some(Self { old_password: old_password?, new_password: new_password? })
    }
}

/// What of the own profile is to change; what is left out stays.
#[derive(Debug, ToSchema)]
pub(super) struct ChangeMe {
    /// What others see one called.
    #[schema(value_type = Option<String>, nullable = false, min_length = 2, max_length = 50, pattern = "^[^\\u0000-\\u001f\\u007f-\\u009f\\u2028\\u2029\\u202a-\\u202e\\u2066-\\u2069]*$", example = "Ada Lovelace")]
    pub(super) name: Option<Username>,
    /// Where one's picture is; `null` for none.
    #[schema(value_type = Option<String>, max_length = 2048, pattern = "^https://[A-Za-z0-9]([A-Za-z0-9.-]{0,200}[A-Za-z0-9])?(:[0-9]{1,5})?([/?#][!#$%&'()*+,./0-9:;=?@A-Z_a-z~\\[\\]-]*)?$", example = "https://example.org/ada.png")]
    pub(super) avatar: Option<Option<String>>,
}

impl Read for ChangeMe {
    fn read(fields: &mut Fields) -> Option<Self> {
        let name = fields.omissible_text("name", say::NAME_RULE, name);
        let avatar = fields.nullable_text("avatar", say::AVATAR_RULE, Some);
        Some(Self { name: name?, avatar: avatar? })
    }
}

/// What is searched for.
#[derive(Debug)]
pub(super) struct Search {
    pub(super) query: String,
}

impl Search {
    const MIN_CHARACTERS: usize = 3;
    const MAX_CHARACTERS: usize = 254;
}

impl Read for Search {
    fn read(fields: &mut Fields) -> Option<Self> {
        let fits = |text: String| {
            let count = text.chars().take(Self::MAX_CHARACTERS + 1).count();
            let is_fit = (Self::MIN_CHARACTERS..=Self::MAX_CHARACTERS).contains(&count);
            (is_fit && !text.chars().any(char::is_control)).then_some(text)
        };
        fields.text("q", say::QUERY_RULE, fits).map(|query| Self { query })
    }
}

fn email(fields: &mut Fields) -> Option<Email> {
    fields.text("email", say::EMAIL_RULE, |text| Email::try_from(text.as_str()).ok())
}

fn password(fields: &mut Fields, field: &'static str) -> Option<Password> {
    fields.text(field, say::PASSWORD_RULE, |text| Password::try_from(text).ok())
}

#[expect(clippy::needless_pass_by_value, reason = "as the readers of other members")]
fn name(text: String) -> Option<Username> {
    Username::try_from(text.as_str()).ok()
}
