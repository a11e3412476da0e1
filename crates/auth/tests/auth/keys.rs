//! Keys from the configuration.

use auth::{Algorithm, Settings, SettingsError, Signer, Source, Verifier};
use base64::{Engine, engine::general_purpose::STANDARD};
use rcgen::{KeyPair, PKCS_ECDSA_P384_SHA384};
use serde_json::json;
use tokio_util::task::TaskTracker;

use crate::kit::{
    NOW, NOW_MS, Pair, SECRET, assert_invalid, claims, claims_with, signed, verdict, verifier, with_key_file,
    with_secret,
};

fn pem(label: &str, der: impl AsRef<[u8]>) -> String {
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", STANDARD.encode(der))
}

fn refused(settings: &Settings) -> SettingsError {
    Verifier::new(settings, &TaskTracker::new()).unwrap_err()
}

#[tokio::test]
async fn tokens_of_every_algorithm_are_verified_by_either_half_of_the_key() {
    for pair in Pair::each() {
        let token = pair.sign(None, &claims());
        for settings in [with_key_file(&pair.public_pem()), with_key_file(&pair.private_pem())] {
            assert_eq!(verdict(&settings, &token).await.unwrap().source, Source::KeyFile);
        }
        let other = Pair::new(pair.algorithm);
        assert_invalid(&verdict(&with_key_file(&other.public_pem()), &token).await, pair.algorithm);
    }
    let key = jsonwebtoken::EncodingKey::from_secret(SECRET.as_bytes());
    let token = jsonwebtoken::encode(&jsonwebtoken::Header::default(), &claims(), &key).unwrap();
    assert_eq!(verdict(&with_secret(), &token).await.unwrap().source, Source::Secret);
}

#[tokio::test]
async fn a_key_file_may_be_of_any_common_form() {
    let [rsa, _, ed25519] = Pair::each();
    // A PKCS#8 of RSA with 2048 bits is a PKCS#1 with 26 bytes before it.
    let pkcs1 = pem("RSA PRIVATE KEY", &rsa.private_der()[26..]);
    for (text, pair) in [
        (pkcs1, rsa),
        (pem("RSA PUBLIC KEY", rsa.public_raw()), rsa),
        (ed25519.public_pem().replace('\n', "\r\n"), ed25519),
        (format!("a comment\n\n{}\nanother\n", ed25519.private_pem()), ed25519),
        (format!("\u{feff}{}", rsa.public_pem()), rsa),
    ] {
        assert!(verdict(&with_key_file(&text), &pair.sign(None, &claims())).await.is_ok(), "{text:.60}");
    }
}

#[test]
fn a_key_file_without_a_key_for_tokens_is_refused_with_a_reason() {
    let p256 = &Pair::each()[1];
    let p384 = KeyPair::generate_for(&PKCS_ECDSA_P384_SHA384).unwrap();
    let public = p256.public_pem();
    let cut = &public[..public.len() / 2];
    let two = format!("{public}{}", p256.private_pem());
    for (text, reason) in [
        ("", "nothing in PEM form"),
        (SECRET, "nothing in PEM form"),
        (cut, "no public key"),
        (&public.replace("END PUBLIC", "END PRIVATE"), "no public key"),
        (&public.replace("MF", "*"), "no public key"),
        (&two, "more than one key"),
        (&pem("EC PRIVATE KEY", b"x"), "openssl pkcs8"),
        (&(pem("EC PARAMETERS", b"x") + &pem("EC PRIVATE KEY", b"x")), "openssl pkcs8"),
        (&pem("CERTIFICATE", b"x"), "certificate"),
        (&pem("ENCRYPTED PRIVATE KEY", b"x"), "passphrase"),
        (&pem("OPENSSH PRIVATE KEY", b"x"), "no key for tokens"),
        (&pem("PUBLIC KEY", b""), "no public key"),
        (&pem("PRIVATE KEY", b"nonsense"), "no private key"),
        (&p384.public_key_pem(), "no public key"),
        (&p384.serialize_pem(), "no private key"),
        (RSA_1024_PUBLIC, "less than 2048 bits"),
        (&"-----BEGIN ".repeat(10_000), "64 KiB"),
    ] {
        let refused = refused(&with_key_file(text));
        assert!(
            matches!(refused, SettingsError::KeyFile(why) if why.contains(reason)),
            "{refused} / {reason}"
        );
    }
}

/// Made with `openssl genrsa 1024`; its private half was never kept.
const RSA_1024_PUBLIC: &str = "-----BEGIN PUBLIC KEY-----
MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQCqvF0+qoGJPAl8pkCCztkpU6sO
RyxFmX79RIcmyFopCeQv3eEA6qLFMl4m/shBzoC015LeZAW8JKKZYMdeXDnk7dr2
Sq3WA2nvz91sArAI7ZvwHJyqvsgBHFMy6py7mUAk9gI6wpDXCrw421DeumN38xsM
QmlukYh7P0Cng9jYTQIDAQAB
-----END PUBLIC KEY-----
";

#[test]
fn an_empty_secret_and_a_cut_one_are_refused_at_the_start() {
    for secret in ["", " ", "\n", "\0", "9f8e7d6c5b4a3928\0", "\09f8e7d6c5b4a39281706f5e4d3c2b1a0"] {
        let settings = Settings { secret: Some(secret.into()), ..Settings::default() };
        assert!(matches!(refused(&settings), SettingsError::Secret(_)), "{secret:?}");
        assert!(matches!(Signer::new(&settings), Err(SettingsError::Secret(_))), "{secret:?}");
    }
}

#[test]
fn nothing_is_signed_without_a_key_to_sign_with() {
    let public = with_key_file(&Pair::each()[1].public_pem());
    for settings in [Settings::default(), public] {
        assert_eq!(Signer::new(&settings).err(), Some(SettingsError::NoSigningKey));
    }
}

#[tokio::test]
async fn only_the_own_key_speaks_for_built_in_accounts() {
    let pair = &Pair::each()[2];
    let of_account = claims_with(&json!({ "iss": "paraclete", "role": "admin", "jti": "f1.x" }));
    let by_secret = signed(&of_account);
    let by_pair = pair.sign(None, &of_account);

    // With the secret alone, it is the own key.
    assert_eq!(verdict(&with_secret(), &by_secret).await.unwrap().source, Source::Account);
    // A public key beside it is the app's.
    let app_key = Settings { secret: Some(SECRET.into()), ..with_key_file(&pair.public_pem()) };
    assert_eq!(verdict(&app_key, &by_secret).await.unwrap().source, Source::Account);
    assert_invalid(&verdict(&app_key, &by_pair).await, "the app's key");
    // A private one is the own key in place of the secret.
    let own_pair = Settings { secret: Some(SECRET.into()), ..with_key_file(&pair.private_pem()) };
    assert_eq!(verdict(&own_pair, &by_pair).await.unwrap().source, Source::Account);
    assert_invalid(&verdict(&own_pair, &by_secret).await, "the app's secret");
    assert_eq!(Signer::new(&own_pair).unwrap().algorithm(), Algorithm::EdDsa);
    // And where only a public key is known, nothing is an account's.
    assert_invalid(&verdict(&with_key_file(&pair.public_pem()), &by_pair).await, "the app's key alone");
}

#[tokio::test]
async fn what_is_asked_of_others_is_not_asked_of_the_own_tokens() {
    let settings = Settings {
        issuer: Some("https://app.example.org".to_owned()),
        audience: vec!["calls".to_owned()],
        ..with_secret()
    };
    let verifier = verifier(&settings);
    assert!(verifier.verify(&signed(&claims_with(&json!({ "iss": "paraclete" }))), NOW_MS).await.is_ok());
    assert_invalid(&verifier.verify(&signed(&claims()), NOW_MS).await, "without issuer");
    let app = json!({ "userId": "ada", "exp": NOW + 60, "iss": "https://app.example.org", "aud": "calls" });
    assert!(verifier.verify(&signed(&app), NOW_MS).await.is_ok());
}

#[test]
fn settings_keys_and_verifiers_that_are_debugged_show_no_secret() {
    let pair = &Pair::each()[1];
    let private = pair.private_pem();
    let settings = Settings { secret: Some(SECRET.into()), ..with_key_file(&private) };
    let body = private.lines().nth(1).unwrap();
    let shown = format!("{settings:?} {:?} {:?}", verifier(&settings), Signer::new(&settings).unwrap());
    assert!(!shown.contains(SECRET) && !shown.contains(body), "{shown}");
    let spoilt = with_key_file(&private.replace("PRIVATE KEY", "PRIVATE"));
    assert!(!refused(&spoilt).to_string().contains(body));
}
