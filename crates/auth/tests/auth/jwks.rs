//! Keys that are fetched from an issuer.

use std::time::Duration;

use auth::{Algorithm, Claims, PlainHttp, Refused, Settings, SettingsError, Source, Verifier};
use axum::http::StatusCode;
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio_util::task::TaskTracker;

use crate::kit::{Answer, Clock, Issuer, NOW, NOW_MS, Pair, SECRET, assert_invalid, base64, verifier};

const ISSUER: &str = "https://id.example.org";

fn settings(issuer: &Issuer) -> Settings {
    Settings { jwks_url: Some(issuer.url.clone()), issuer: Some(ISSUER.to_owned()), ..Settings::default() }
}

fn claims() -> Value {
    json!({ "sub": "ada", "exp": NOW + 60, "iss": ISSUER })
}

fn es256() -> &'static Pair {
    &Pair::each()[1]
}

async fn ask(verifier: &Verifier, pair: &Pair, id: &str) -> Result<Claims, Refused> {
    verifier.verify(&pair.sign(Some(id), &claims()), NOW_MS).await
}

#[tokio::test]
async fn tokens_of_every_algorithm_are_verified_by_the_keys_of_their_issuer() {
    let issuer =
        Issuer::serving(Answer::keys(&Pair::each().each_ref().map(|pair| pair.jwk(pair.algorithm.name()))))
            .await;
    let verifier = verifier(&settings(&issuer));
    assert_eq!(issuer.asked(), 0, "nothing is fetched before a token needs it");
    for pair in Pair::each() {
        let read = ask(&verifier, pair, pair.algorithm.name()).await.unwrap();
        assert_eq!((read.user.as_str(), read.source), ("ada", Source::Jwks));
        // A token without a key id is tried with the only key of its algorithm.
        assert!(verifier.verify(&pair.sign(None, &claims()), NOW_MS).await.is_ok());
        // A key's id is for that key: the same id with another algorithm is another key.
        let crossed = ask(&verifier, pair, "another").await;
        assert_invalid(&crossed, pair.algorithm);
    }
    assert_eq!(issuer.asked(), 1);
}

#[tokio::test]
async fn only_tokens_that_name_the_issuer_are_tried_with_its_keys() {
    let issuer = Issuer::serving(Answer::keys(&[es256().jwk("k1")])).await;
    let verifier = verifier(&settings(&issuer));
    for named in [json!(null), json!("https://evil.example.org"), json!("paraclete"), json!(issuer.url)] {
        let mut claims = claims();
        claims["iss"] = named.clone();
        if named.is_null() {
            claims.as_object_mut().unwrap().remove("iss");
        }
        assert_invalid(&verifier.verify(&es256().sign(Some("k1"), &claims), NOW_MS).await, named);
    }
    assert_eq!(issuer.asked(), 0);
}

#[tokio::test]
async fn many_tokens_that_come_at_once_make_one_request() {
    let issuer = Issuer::serving(Answer::keys(&[es256().jwk("k1")])).await;
    issuer.hold();
    let verifier = verifier(&settings(&issuer));
    let token = es256().sign(Some("k1"), &claims());
    let mut waiting = JoinSet::new();
    for _ in 0..50 {
        let (verifier, token) = (verifier.clone(), token.clone());
        waiting.spawn(async move { verifier.verify(&token, NOW_MS).await });
    }
    issuer.until_asked(1).await;
    issuer.let_go();
    for verdict in waiting.join_all().await {
        assert!(verdict.is_ok(), "{verdict:?}");
    }
    assert_eq!(issuer.asked(), 1);
}

#[tokio::test]
async fn a_caller_that_goes_away_ends_nothing_for_the_others() {
    let issuer = Issuer::serving(Answer::keys(&[es256().jwk("k1")])).await;
    issuer.hold();
    let verifier = verifier(&settings(&issuer));
    let token = es256().sign(Some("k1"), &claims());
    let mut waiting = JoinSet::new();
    for _ in 0..2 {
        let (verifier, token) = (verifier.clone(), token.clone());
        waiting.spawn(async move { verifier.verify(&token, NOW_MS).await });
    }
    issuer.until_asked(1).await;
    let first = waiting.spawn(async { Err(Refused::Unavailable) });
    first.abort();
    waiting.abort_all();
    while waiting.join_next().await.is_some() {}
    let last = verifier.verify(&token, NOW_MS);
    let (last, ()) = tokio::join!(last, async { issuer.let_go() });
    assert!(last.is_ok());
    assert_eq!(issuer.asked(), 1);
}

#[tokio::test]
async fn an_unknown_key_is_asked_for_at_most_once_a_minute() {
    let clock = Clock::stopped();
    let issuer = Issuer::serving(Answer::keys(&[es256().jwk("k1")])).await;
    let verifier = verifier(&settings(&issuer));
    assert!(ask(&verifier, es256(), "k1").await.is_ok());
    let fresh = Pair::new(Algorithm::Es256);
    for number in 0..100 {
        assert_invalid(&ask(&verifier, &fresh, &format!("guess{number}")).await, number);
    }
    assert_eq!(issuer.asked(), 1);

    // The issuer gets a new key. Within the minute nobody knows it, and after it everybody.
    issuer.answers(Answer::keys(&[es256().jwk("k1"), fresh.jwk("k2")]));
    clock.pass(Duration::from_millis(59_900)).await;
    assert_invalid(&ask(&verifier, &fresh, "k2").await, "within the minute");
    assert_eq!(issuer.asked(), 1);
    clock.pass(Duration::from_millis(200)).await;
    assert!(ask(&verifier, &fresh, "k2").await.is_ok());
    assert!(ask(&verifier, es256(), "k1").await.is_ok());
    for number in 0..100 {
        assert_invalid(&ask(&verifier, &fresh, &format!("guess{number}")).await, number);
    }
    assert_eq!(issuer.asked(), 2);
}

#[tokio::test]
async fn known_keys_are_good_for_an_hour_or_for_as_long_as_the_answer_says() {
    let clock = Clock::stopped();
    let hour = Duration::from_secs(3600);
    let day = 24 * hour;
    for (said, good_for) in [
        (None, hour),
        (Some("no-cache"), hour),
        (Some("public, max-age=21600, must-revalidate"), 6 * hour),
        (Some("max-age=0"), Duration::from_secs(60)),
        (Some("max-age=31536000"), day),
        (Some("max-age=99999999999999999999"), hour),
        (Some("max-age=-1"), hour),
    ] {
        let answer = |pair: &Pair| {
            let answer = Answer::keys(&[pair.jwk("k1")]);
            said.map_or_else(|| answer.clone(), |said| answer.clone().header("cache-control", said))
        };
        let issuer = Issuer::serving(answer(es256())).await;
        let verifier = verifier(&settings(&issuer));
        assert!(ask(&verifier, es256(), "k1").await.is_ok());
        // The key is withdrawn, and another has its id.
        let other = Pair::new(Algorithm::Es256);
        issuer.answers(answer(&other));
        clock.pass(good_for - Duration::from_millis(500)).await;
        assert!(ask(&verifier, es256(), "k1").await.is_ok(), "{said:?}");
        assert_eq!(issuer.asked(), 1, "{said:?}");
        clock.pass(Duration::from_secs(1)).await;
        assert_invalid(&ask(&verifier, es256(), "k1").await, said);
        assert!(ask(&verifier, &other, "k1").await.is_ok(), "{said:?}");
        assert_eq!(issuer.asked(), 2, "{said:?}");
    }
}

#[tokio::test]
async fn a_source_that_is_away_takes_no_known_key() {
    let clock = Clock::stopped();
    let issuer = Issuer::serving(Answer::keys(&[es256().jwk("k1")])).await;
    let verifier = verifier(&settings(&issuer));
    assert!(ask(&verifier, es256(), "k1").await.is_ok());
    let huge = format!(r#"{{"keys":[],"x":"{}"}}"#, "x".repeat(256 * 1024));
    let many: Vec<Value> = (0..101).map(|number| es256().jwk(&number.to_string())).collect();
    let spoilt = [
        Answer::status(StatusCode::INTERNAL_SERVER_ERROR),
        Answer::status(StatusCode::NOT_FOUND),
        Answer::text(""),
        Answer::text("<html>"),
        Answer::text("{}"),
        Answer::text(r#"{"keys":{}}"#),
        Answer::text(&huge),
        Answer::text(&"[".repeat(1000)),
        Answer::keys(&many),
        Answer { status: StatusCode::FOUND, ..Answer::text("") }.header("location", &issuer.url),
    ];
    for (number, answer) in spoilt.into_iter().enumerate() {
        issuer.answers(answer);
        clock.pass(Duration::from_secs(3601)).await;
        assert!(ask(&verifier, es256(), "k1").await.is_ok(), "{number}");
        assert_eq!(issuer.asked(), number + 2);
        // Whether an unknown key is good cannot be told now.
        assert_eq!(ask(&verifier, es256(), "k2").await, Err(Refused::Unavailable));
        assert_eq!(issuer.asked(), number + 2);
    }
}

#[tokio::test]
async fn while_no_key_is_known_a_token_is_neither_good_nor_bad() {
    let clock = Clock::stopped();
    let issuer = Issuer::serving(Answer::status(StatusCode::BAD_GATEWAY)).await;
    let verifier = verifier(&settings(&issuer));
    for _ in 0..10 {
        assert_eq!(ask(&verifier, es256(), "k1").await, Err(Refused::Unavailable));
    }
    assert_eq!(issuer.asked(), 1);
    issuer.answers(Answer::keys(&[es256().jwk("k1")]));
    clock.pass(Duration::from_secs(5)).await;
    assert!(ask(&verifier, es256(), "k1").await.is_ok(), "it is there within 5 s of the issuer's return");
    assert_eq!(issuer.asked(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_source_that_never_answers_is_waited_for_no_longer_than_5_s() {
    let issuer = Issuer::serving(Answer::keys(&[es256().jwk("k1")])).await;
    issuer.hold();
    let verifier = verifier(&settings(&issuer));
    let before = tokio::time::Instant::now();
    assert_eq!(ask(&verifier, es256(), "k1").await, Err(Refused::Unavailable));
    assert!(before.elapsed() <= Duration::from_millis(5_100), "{:?}", before.elapsed());
}

#[tokio::test]
async fn nobody_is_asked_where_nobody_listens() {
    let nowhere = "http://127.0.0.1:1/keys".to_owned();
    let settings =
        Settings { jwks_url: Some(nowhere), issuer: Some(ISSUER.to_owned()), ..Settings::default() };
    assert_eq!(ask(&verifier(&settings), es256(), "k1").await, Err(Refused::Unavailable));
}

#[tokio::test]
async fn keys_that_are_not_for_verifying_tokens_are_passed_over() {
    let with = |members: Value| {
        let mut jwk = es256().jwk("k1");
        jwk.as_object_mut().unwrap().extend(members.as_object().unwrap().clone());
        jwk
    };
    let spoilt = [
        with(json!({ "use": "enc" })),
        with(json!({ "use": 1 })),
        with(json!({ "alg": "ES384" })),
        with(json!({ "alg": "HS256" })),
        with(json!({ "alg": null })),
        with(json!({ "key_ops": ["sign"] })),
        with(json!({ "key_ops": "verify" })),
        with(json!({ "crv": "P-384" })),
        with(json!({ "crv": "secp256k1" })),
        with(json!({ "kty": "RSA" })),
        with(json!({ "kty": null })),
        with(json!({ "kid": 1 })),
        with(json!({ "d": base64([1; 32]) })),
        with(json!({ "x": base64([1; 32]) })),
        with(json!({ "x": base64([0; 32]), "y": base64([0; 32]) })),
        with(json!({ "y": "" })),
        with(json!({ "y": "*" })),
        with(json!({ "x": 1 })),
        json!(null),
        json!([]),
        json!("k1"),
    ];
    for jwk in spoilt {
        let issuer = Issuer::serving(Answer::keys(std::slice::from_ref(&jwk))).await;
        assert_invalid(&ask(&verifier(&settings(&issuer)), es256(), "k1").await, &jwk);
        // One bad key does not spoil the others.
        let issuer = Issuer::serving(Answer::keys(&[jwk, es256().jwk("k2")])).await;
        assert!(ask(&verifier(&settings(&issuer)), es256(), "k2").await.is_ok());
    }
    for good in [json!({ "key_ops": ["verify"] }), json!({ "x5t": "abc" }), json!({ "ext": true })] {
        let issuer = Issuer::serving(Answer::keys(&[with(good)])).await;
        assert!(ask(&verifier(&settings(&issuer)), es256(), "k1").await.is_ok());
    }
    for member in ["use", "alg"] {
        let mut jwk = es256().jwk("k1");
        jwk.as_object_mut().unwrap().remove(member);
        let issuer = Issuer::serving(Answer::keys(&[jwk])).await;
        assert!(ask(&verifier(&settings(&issuer)), es256(), "k1").await.is_ok(), "{member}");
    }
}

#[tokio::test]
async fn a_secret_in_a_key_set_and_a_short_rsa_key_count_for_nothing() {
    let secret = json!({ "kty": "oct", "alg": "HS256", "kid": "k1", "k": base64(SECRET) });
    let short = json!({ "kty": "RSA", "kid": "k1", "e": "AQAB", "n": base64([0xab; 128]) });
    let issuer = Issuer::serving(Answer::keys(&[secret, short])).await;
    let verifier = verifier(&settings(&issuer));
    let header = json!({ "alg": "HS256", "kid": "k1" }).to_string();
    let forged = crate::kit::token(&header, &claims().to_string(), crate::kit::hs256(SECRET.as_bytes()));
    assert_invalid(&verifier.verify(&forged, NOW_MS).await, "oct");
    assert_invalid(&ask(&verifier, &Pair::each()[0], "k1").await, "RSA with 1024 bits");
}

#[tokio::test]
async fn a_token_without_a_key_id_is_not_tried_with_several_keys() {
    let other = Pair::new(Algorithm::Es256);
    let issuer = Issuer::serving(Answer::keys(&[es256().jwk("k1"), other.jwk("k2")])).await;
    let verifier = verifier(&settings(&issuer));
    assert_invalid(&verifier.verify(&es256().sign(None, &claims()), NOW_MS).await, "no kid");
    assert!(ask(&verifier, es256(), "k1").await.is_ok());
}

#[tokio::test]
async fn of_two_keys_with_one_id_the_first_counts() {
    let other = Pair::new(Algorithm::Es256);
    let issuer = Issuer::serving(Answer::keys(&[es256().jwk("k1"), other.jwk("k1")])).await;
    let verifier = verifier(&settings(&issuer));
    assert!(ask(&verifier, es256(), "k1").await.is_ok());
    assert_invalid(&ask(&verifier, &other, "k1").await, "the second");
}

#[tokio::test]
async fn another_machines_clock_may_be_a_minute_off() {
    let issuer = Issuer::serving(Answer::keys(&[es256().jwk("k1")])).await;
    let verifier = verifier(&settings(&issuer));
    let token = es256().sign(Some("k1"), &claims());
    assert!(verifier.verify(&token, NOW_MS + 119_999).await.is_ok());
    assert_eq!(verifier.verify(&token, NOW_MS + 120_000).await, Err(Refused::Expired));
}

#[test]
fn keys_are_fetched_over_encrypted_connections_or_from_this_machine() {
    let settings = |url: &str, plain_http| Settings {
        jwks_url: Some(url.to_owned()),
        issuer: Some(ISSUER.to_owned()),
        plain_http,
        ..Settings::default()
    };
    let refused = |url, plain| match Verifier::new(&settings(url, plain), &TaskTracker::new()) {
        Err(SettingsError::Url { option, url, .. }) => {
            assert_eq!(option, "JWKS_URL");
            assert!(!url.contains("hunter2"), "{url}");
            true
        }
        Ok(_) => false,
        Err(other) => panic!("{other}"),
    };
    for good in [
        "https://id.example.org/jwks",
        "http://localhost:8080/jwks",
        "http://127.0.0.1/",
        "http://[::1]/jwks",
    ] {
        assert!(!refused(good, PlainHttp::LoopbackAlone), "{good}");
    }
    for bad in [
        "http://id.example.org/jwks",
        "http://localhost.example.org/jwks",
        "http://127.0.0.1.example.org/",
        "http://10.0.0.1/jwks",
        "file:///etc/passwd",
        "ftp://id.example.org/jwks",
        "data:application/json,{}",
        "id.example.org/jwks",
        "",
        "https://",
        "https://user:hunter2@id.example.org/jwks",
        "https://user:hunter2@:x/",
    ] {
        assert!(refused(bad, PlainHttp::LoopbackAlone), "{bad}");
    }
    assert!(!refused("http://keycloak:8080/jwks", PlainHttp::Anywhere));
    assert!(refused("file:///etc/passwd", PlainHttp::Anywhere));
}

#[test]
fn keys_need_an_issuer_that_is_nobody_elses() {
    let settings = |issuer: Option<&str>| Settings {
        jwks_url: Some("https://id.example.org/jwks".to_owned()),
        issuer: issuer.map(str::to_owned),
        ..Settings::default()
    };
    let new = |issuer| Verifier::new(&settings(issuer), &TaskTracker::new()).err();
    assert_eq!(new(None), Some(SettingsError::NoIssuer));
    for reserved in ["paraclete", "", "https://securetoken.google.com/calls"] {
        assert_eq!(new(Some(reserved)), Some(SettingsError::ReservedIssuer(reserved.to_owned())));
    }
    assert_eq!(new(Some(ISSUER)), None);
}
