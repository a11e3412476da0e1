//! ID tokens of a Firebase project.

use auth::{Algorithm, Settings, SettingsError, Source, Verifier};
use serde_json::{Value, json};
use tokio_util::task::TaskTracker;

use crate::kit::{
    Answer, Issuer, NOW, NOW_MS, Pair, SECRET, assert_invalid, changed, hs256, token, verifier,
};

const PROJECT: &str = "calls-1234";
const GOOGLE: &str = "https://securetoken.google.com/calls-1234";

fn rs256() -> &'static Pair {
    &Pair::each()[0]
}

fn settings(issuer: &Issuer) -> Settings {
    Settings {
        firebase_project: Some(PROJECT.to_owned()),
        firebase_keys_url: Some(issuer.url.clone()),
        ..Settings::default()
    }
}

/// As Google writes them, and some members else; null takes one out.
fn claims(members: &Value) -> Value {
    let claims = json!({
        "iss": GOOGLE, "aud": PROJECT, "auth_time": NOW - 60, "user_id": "u1", "sub": "u1", "iat": NOW - 60,
        "exp": NOW + 3540, "email": "ada@example.org", "email_verified": true, "name": "Ada",
        "firebase": { "identities": { "email": ["ada@example.org"] }, "sign_in_provider": "password" },
    });
    changed(claims, members)
}

#[tokio::test]
async fn an_id_token_of_the_project_is_believed() {
    let google = Issuer::serving(Answer::keys(&[rs256().jwk("g1")])).await;
    let verifier = verifier(&settings(&google));
    let read = verifier.verify(&rs256().sign(Some("g1"), &claims(&json!({}))), NOW_MS).await.unwrap();
    assert_eq!((read.user.as_str(), read.source), ("u1", Source::Firebase));
    assert_eq!(read.username.unwrap().as_str(), "Ada");
    assert_eq!(read.email.as_deref(), Some("ada@example.org"));
}

#[tokio::test]
async fn an_id_token_of_another_project_or_of_nobody_is_refused() {
    let google = Issuer::serving(Answer::keys(&[rs256().jwk("g1")])).await;
    let verifier = verifier(&settings(&google));
    let long = "u".repeat(129);
    for members in [
        json!({ "aud": "other-1234" }),
        json!({ "aud": null }),
        json!({ "aud": [] }),
        json!({ "iss": "https://securetoken.google.com/other-1234" }),
        json!({ "iss": "https://securetoken.google.com/" }),
        json!({ "iss": null }),
        json!({ "sub": "" }),
        json!({ "sub": long }),
        json!({ "sub": null }),
        json!({ "sub": null, "userId": "u1" }),
        json!({ "sub": "u1", "userId": "u2" }),
        json!({ "exp": null }),
        json!({ "iat": NOW + 61 }),
    ] {
        assert_invalid(&verifier.verify(&rs256().sign(Some("g1"), &claims(&members)), NOW_MS).await, members);
    }
    let other = Pair::new(Algorithm::Rs256);
    assert_invalid(
        &verifier.verify(&other.sign(Some("g1"), &claims(&json!({}))), NOW_MS).await,
        "another key",
    );
    assert_invalid(
        &verifier.verify(&other.sign(Some("g2"), &claims(&json!({}))), NOW_MS).await,
        "another id",
    );
    let secret =
        token(r#"{"alg":"HS256","kid":"g1"}"#, &claims(&json!({})).to_string(), hs256(SECRET.as_bytes()));
    assert_invalid(&verifier.verify(&secret, NOW_MS).await, "a secret");
}

#[tokio::test]
async fn the_same_key_id_at_two_issuers_is_two_keys() {
    const OTHER: &str = "https://id.example.org";
    let (ours, theirs) = (rs256(), Pair::new(Algorithm::Rs256));
    let google = Issuer::serving(Answer::keys(&[ours.jwk("k1")])).await;
    let other = Issuer::serving(Answer::keys(&[theirs.jwk("k1")])).await;
    let both =
        Settings { jwks_url: Some(other.url.clone()), issuer: Some(OTHER.to_owned()), ..settings(&google) };
    let verifier = verifier(&both);
    let (of_google, of_other) = (claims(&json!({})), claims(&json!({ "iss": OTHER })));
    // Once before anything is cached, and once after.
    for _ in 0..2 {
        assert_invalid(
            &verifier.verify(&theirs.sign(Some("k1"), &of_google), NOW_MS).await,
            "theirs for Google",
        );
        assert_invalid(
            &verifier.verify(&ours.sign(Some("k1"), &of_other), NOW_MS).await,
            "Google's for them",
        );
        let good = verifier.verify(&ours.sign(Some("k1"), &of_google), NOW_MS).await.unwrap();
        assert_eq!(good.source, Source::Firebase);
        let good = verifier.verify(&theirs.sign(Some("k1"), &of_other), NOW_MS).await.unwrap();
        assert_eq!(good.source, Source::Jwks);
    }
    assert_eq!((google.asked(), other.asked()), (1, 1));
}

#[tokio::test]
async fn a_project_beside_an_app_does_not_lift_what_is_asked_of_the_app() {
    let google = Issuer::serving(Answer::keys(&[rs256().jwk("g1")])).await;
    let settings = Settings {
        secret: Some(SECRET.into()),
        issuer: Some("https://app.example.org".to_owned()),
        audience: vec!["calls".to_owned()],
        ..settings(&google)
    };
    let verifier = verifier(&settings);
    assert!(verifier.verify(&rs256().sign(Some("g1"), &claims(&json!({}))), NOW_MS).await.is_ok());
    // The app's secret does not speak for Google.
    let forged = token(r#"{"alg":"HS256"}"#, &claims(&json!({})).to_string(), hs256(SECRET.as_bytes()));
    assert_invalid(&verifier.verify(&forged, NOW_MS).await, "the app for Google");
}

#[test]
fn what_is_no_project_is_refused_at_the_start() {
    for id in ["", "abc", "Calls", "a/b/c", "calls 1234", "../calls", "calls\0", &"a".repeat(65)] {
        let settings = Settings { firebase_project: Some(id.to_owned()), ..Settings::default() };
        let refused = Verifier::new(&settings, &TaskTracker::new()).err();
        assert_eq!(refused, Some(SettingsError::FirebaseProject(id.to_owned())));
    }
}
