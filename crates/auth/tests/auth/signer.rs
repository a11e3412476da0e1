//! Tokens of this server.

use std::time::Duration;

use auth::{Account, Power, Refused, Role, Settings, SignError, Signer, Source, inspect};
use domain::UserId;
use jsonwebtoken::{DecodingKey, Validation};
use serde_json::{Map, Value, json};

use crate::kit::{
    NOW, NOW_MS, Pair, SECRET, claims, signed, theirs, token, verdict, verifier, with_key_file, with_secret,
};

fn ada() -> UserId {
    UserId::try_from("0197e3a2-5b1c-7000-8000-000000000001").unwrap()
}

fn account(user: &UserId, role: Role) -> Account<'_> {
    Account { user, email: "ada@example.org", name: "Ada", role, family: "0197e3a2-family" }
}

#[tokio::test]
async fn an_accounts_token_is_believed_by_the_same_server_until_it_expires() {
    let mut all = vec![with_secret()];
    all.extend(Pair::each().iter().map(|pair| with_key_file(&pair.private_pem())));
    for settings in all {
        let (signer, verifier) = (Signer::new(&settings).unwrap(), verifier(&settings));
        let user = ada();
        let made = signer.sign(&account(&user, Role::User), NOW_MS + 999).unwrap();
        assert_eq!(made.expires_at_ms, NOW_MS + 15 * 60 * 1000);
        let read = verifier.verify(&made.token, NOW_MS + 999).await.unwrap();
        assert_eq!((&read.user, read.source, read.power), (&user, Source::Account, Power::User));
        assert_eq!(read.username.as_ref().unwrap().as_str(), "Ada");
        assert_eq!(read.email.as_deref(), Some("ada@example.org"));
        assert_eq!(read.role.as_deref(), Some("user"));
        assert_eq!((read.issued_at_ms, read.expires_at_ms), (Some(NOW_MS), made.expires_at_ms));
        assert_eq!(read.family(), Some("0197e3a2-family"));
        assert_eq!(read.id.as_ref(), Some(&made.id));
        assert_eq!(verifier.verify(&made.token, made.expires_at_ms).await, Err(Refused::Expired));

        let other = signer.sign(&account(&user, Role::User), NOW_MS + 999).unwrap();
        assert_ne!(made.id, other.id);
        assert!(!format!("{made:?}").contains(&made.token));
    }
}

#[tokio::test]
async fn an_admins_token_makes_an_admin() {
    let signer = Signer::new(&with_secret()).unwrap();
    let made = signer.sign(&account(&ada(), Role::Admin), NOW_MS).unwrap();
    assert_eq!(verdict(&with_secret(), &made.token).await.unwrap().power, Power::Admin);
}

#[test]
fn whoever_has_the_key_reads_the_tokens_with_the_library_of_their_choice() {
    let signer = Signer::new(&Settings { lifetime: Some(Duration::from_secs(30)), ..with_secret() }).unwrap();
    let made = signer.sign(&account(&ada(), Role::User), NOW_MS).unwrap();
    let mut validation = Validation::new(jsonwebtoken::Algorithm::HS256);
    validation.validate_exp = false;
    let key = DecodingKey::from_secret(SECRET.as_bytes());
    let read = jsonwebtoken::decode::<Value>(&made.token, &key, &validation).unwrap();
    assert_eq!(
        read.claims,
        json!({
            "iss": "paraclete", "userId": ada().as_str(), "sub": ada().as_str(), "email": "ada@example.org",
            "name": "Ada", "role": "user", "iat": NOW, "exp": NOW + 30, "jti": made.id,
        })
    );
    for pair in Pair::each() {
        let signer = Signer::new(&with_key_file(&pair.private_pem())).unwrap();
        let made = signer.sign(&account(&ada(), Role::User), NOW_MS).unwrap();
        let mut validation = Validation::new(theirs(pair.algorithm));
        validation.validate_exp = false;
        let jwk = serde_json::from_value(pair.jwk("k1")).unwrap();
        let read =
            jsonwebtoken::decode::<Value>(&made.token, &DecodingKey::from_jwk(&jwk).unwrap(), &validation);
        assert!(read.is_ok(), "{read:?}");
    }
}

#[tokio::test]
async fn any_claims_can_be_signed_and_those_that_are_not_good_are_not_believed() {
    let signer = Signer::new(&with_secret()).unwrap();
    let sign = |claims: Value| signer.sign_claims(claims.as_object().unwrap().clone());
    let good = sign(claims()).unwrap();
    assert_eq!(verdict(&with_secret(), &good).await.unwrap().source, Source::Secret);
    let empty = signer.sign_claims(Map::new()).unwrap();
    assert!(matches!(verdict(&with_secret(), &empty).await, Err(Refused::Invalid(_))));
    assert_eq!(sign(json!({ "x": "x".repeat(7000) })), Err(SignError::TooLong));
}

#[test]
fn a_look_into_a_token_shows_what_is_written_in_it() {
    let seen = inspect(&format!(" {}\n", signed(&claims()))).unwrap();
    assert_eq!(seen.header, json!({ "alg": "HS256", "typ": "JWT" }));
    assert_eq!((seen.claims, seen.header_problem), (claims(), None));

    let forged = token(r#"{"alg":"none"}"#, r#"{"sub":"eve"}"#, |_| Vec::new());
    let seen = inspect(&forged).unwrap();
    assert_eq!((seen.header, seen.claims), (json!({ "alg": "none" }), json!({ "sub": "eve" })));
    assert!(matches!(seen.header_problem, Some(Refused::Invalid(_))));

    for no_token in ["", "..", "a.b.c", "pr_AAAA", &"x".repeat(10_000), &token("{}", "[]", |_| Vec::new())] {
        assert!(matches!(inspect(no_token), Err(Refused::Invalid(_))), "{no_token:.30}");
    }
    let unreadable = token("{}", r#"{"x":1e400}"#, |_| Vec::new());
    assert!(matches!(inspect(&unreadable), Err(Refused::Invalid(_))));
}
