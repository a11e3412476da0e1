//! Tokens that were never given out.

use auth::{MalformedRefreshToken, RefreshToken, Settings};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::json;

use crate::kit::{
    Answer, Issuer, NOW, Pair, SECRET, assert_invalid, base64, claims, headed, hs256, signed, signed_text,
    token, verdict, with_key_file, with_secret,
};

#[tokio::test]
async fn a_token_without_an_algorithm_is_refused_however_none_is_spelt() {
    let claims = claims().to_string();
    for none in ["none", "None", "NONE", "nOnE", ""] {
        let header = json!({ "alg": none, "typ": "JWT" }).to_string();
        for sign in [|_: &[u8]| Vec::new(), |message: &[u8]| hs256(SECRET.as_bytes())(message)] {
            assert_invalid(&verdict(&with_secret(), &token(&header, &claims, sign)).await, none);
        }
    }
    for header in
        [r#"{}"#, r#"{"alg":null}"#, r#"{"alg":0}"#, r#"{"alg":["HS256"]}"#, r#"{"alg":{"HS256":1}}"#]
    {
        assert_invalid(&verdict(&with_secret(), &headed(header)).await, header);
    }
}

#[tokio::test]
async fn an_algorithm_is_named_letter_by_letter() {
    for name in [
        "hs256",
        "HS256 ",
        " HS256",
        "HS256\0",
        "HS384",
        "HS512",
        "RS384",
        "PS256",
        "ES384",
        "ES256K",
        "HS\u{ff12}56",
    ] {
        let header = json!({ "alg": name }).to_string();
        assert_invalid(&verdict(&with_secret(), &headed(&header)).await, name);
    }
    assert!(verdict(&with_secret(), &headed(r#"{"alg":"HS256"}"#)).await.is_ok());
}

#[tokio::test]
async fn a_token_whose_signature_was_taken_off_is_refused() {
    for pair in Pair::each() {
        let settings = Settings { secret: Some(SECRET.into()), ..with_key_file(&pair.public_pem()) };
        for good in [signed(&claims()), pair.sign(None, &claims())] {
            assert!(verdict(&settings, &good).await.is_ok());
            let (rest, signature) = good.rsplit_once('.').unwrap();
            let half = &signature[..signature.len() / 2];
            let (header, claims) = rest.split_once('.').unwrap();
            for stripped in [
                format!("{rest}."),
                rest.to_owned(),
                format!("{rest}.{half}"),
                format!("{rest}.{}", base64([0; 32])),
                format!("{rest}.{}", base64([0; 64])),
                format!("{rest}..{signature}"),
                format!("{rest}.{signature}."),
                format!("{rest}.{signature}.{signature}"),
                format!(".{claims}.{signature}"),
                format!("{header}..{signature}"),
                format!("{claims}.{header}.{signature}"),
                "..".to_owned(),
                String::new(),
            ] {
                assert_invalid(&verdict(&settings, &stripped).await, &stripped);
            }
        }
    }
}

#[tokio::test]
async fn a_token_of_which_any_bit_was_changed_is_refused() {
    for pair in Pair::each() {
        let settings = Settings { secret: Some(SECRET.into()), ..with_key_file(&pair.public_pem()) };
        for good in [signed(&claims()), pair.sign(Some("k1"), &claims())] {
            let parts: Vec<Vec<u8>> = good.split('.').map(decode).collect();
            for part in 0..3 {
                for byte in 0..parts[part].len() {
                    let mut changed = parts.clone();
                    changed[part][byte] ^= 1 << (byte % 8);
                    let changed: Vec<String> = changed.iter().map(base64).collect();
                    assert_invalid(&verdict(&settings, &changed.join(".")).await, (part, byte));
                }
            }
        }
    }
}

fn decode(part: &str) -> Vec<u8> {
    base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(part).unwrap()
}

#[tokio::test]
async fn a_public_key_is_never_a_secret_in_whatever_form_it_is_taken() {
    for pair in Pair::each() {
        let pem = pair.public_pem();
        let jwk = pair.jwk("k1");
        let mut forms: Vec<Vec<u8>> = vec![
            pem.clone().into(),
            pem.trim_end().into(),
            pem.replace('\n', "\r\n").into(),
            pem.replace('\n', "").into(),
            pair.public_der(),
            pair.public_raw().to_vec(),
            STANDARD.encode(pair.public_der()).into(),
            jwk.to_string().into(),
            serde_json::to_string_pretty(&jwk).unwrap().into(),
            json!({ "keys": [jwk] }).to_string().into(),
        ];
        for number in ["n", "e", "x", "y"] {
            if let Some(text) = jwk[number].as_str() {
                forms.push(text.into());
                forms.push(decode(text));
            }
        }
        let issuer = Issuer::serving(Answer::keys(&[pair.jwk("k1")])).await;
        let from_issuer = Settings {
            jwks_url: Some(issuer.url.clone()),
            issuer: Some("https://id.example.org".to_owned()),
            ..Settings::default()
        };
        let both = Settings { secret: Some(SECRET.into()), ..with_key_file(&pem) };
        let claims = json!({ "sub": "ada", "exp": NOW + 60, "iss": "https://id.example.org" }).to_string();
        for form in forms {
            for header in [r#"{"alg":"HS256","kid":"k1"}"#, r#"{"alg":"HS256"}"#] {
                let forged = token(header, &claims, hs256(&form));
                for settings in [&with_key_file(&pem), &both, &from_issuer] {
                    assert_invalid(&verdict(settings, &forged).await, String::from_utf8_lossy(&form));
                }
            }
        }
    }
}

#[tokio::test]
async fn a_key_is_for_its_own_algorithm_alone() {
    for pair in Pair::each() {
        for other in Pair::each() {
            for name in ["RS256", "ES256", "EdDSA", "HS256"] {
                let header = json!({ "alg": name }).to_string();
                let forged = token(&header, &claims().to_string(), |message| other.sign_bytes(message));
                let accepted = verdict(&with_key_file(&pair.public_pem()), &forged).await.is_ok();
                let is_its_own = pair.algorithm == other.algorithm && name == pair.algorithm.name();
                assert_eq!(accepted, is_its_own, "{name} by {:?} for {:?}", other.algorithm, pair.algorithm);
            }
        }
    }
}

#[tokio::test]
async fn a_weak_key_signs_nothing() {
    for key in ["", "\0", "secret", "changeme", "your-256-bit-secret", "null", "undefined", &SECRET[..31]] {
        let forged = token(r#"{"alg":"HS256"}"#, &claims().to_string(), hs256(key.as_bytes()));
        assert_invalid(&verdict(&with_secret(), &forged).await, key);
        assert_invalid(&verdict(&Settings::default(), &forged).await, key);
    }
    assert_invalid(&verdict(&Settings::default(), &signed(&claims())).await, "no key at all");
}

#[tokio::test]
async fn a_key_id_is_text_to_compare_and_opens_nothing() {
    let long = "a".repeat(257);
    let huge = "a".repeat(100_000);
    for id in [
        "../../../../../../dev/null",
        "..\\..\\secret",
        "/dev/null/..",
        "' UNION SELECT 'aaaa' --",
        "k1'; DROP TABLE users; --",
        "k1\" OR \"1\"=\"1",
        "| sleep 10",
        "k1;id",
        "$(id)",
        "`id`",
        "k1\0",
        "k1\n",
        "k 1",
        "%2e%2e%2f",
        "\u{212a}1",
        "",
        &long,
        &huge,
    ] {
        // Signed by the right key and by what a careless look-up would find.
        for key in [SECRET.as_bytes(), b"", b"aaaa", b"\0"] {
            let header = json!({ "alg": "HS256", "kid": id }).to_string();
            let forged = token(&header, &claims().to_string(), hs256(key));
            assert_invalid(&verdict(&with_secret(), &forged).await, format!("{id:.40}"));
        }
    }
    for id in ["null", "1", "true", "[\"k1\"]", "{\"k1\":1}", r#""\ud800""#] {
        assert_invalid(
            &verdict(&with_secret(), &headed(&format!(r#"{{"alg":"HS256","kid":{id}}}"#))).await,
            id,
        );
    }
    for id in
        ["k1", "2011-04-29", "a_B-9.~", "https://id.example.org/keys#1", "did:web:example.org#k", "ab+/cd=="]
    {
        let header = json!({ "alg": "HS256", "kid": id }).to_string();
        assert!(verdict(&with_secret(), &headed(&header)).await.is_ok(), "{id}");
    }
}

#[tokio::test]
async fn a_key_that_comes_with_the_token_counts_for_nothing_and_is_never_fetched() {
    for pair in Pair::each() {
        let thief = Issuer::serving(Answer::keys(&[pair.jwk("k1")])).await;
        let algorithm = pair.algorithm.name();
        let url = &thief.url;
        let certificate = STANDARD.encode(pair.public_der());
        for member in [
            json!({ "jku": url }),
            json!({ "x5u": url }),
            json!({ "jwk": pair.jwk("k1") }),
            json!({ "x5c": [certificate] }),
            json!({ "iss": url, "jwks_uri": url }),
        ] {
            let mut header = json!({ "alg": algorithm, "kid": "k1" });
            header.as_object_mut().unwrap().extend(member.as_object().unwrap().clone());
            let forged =
                token(&header.to_string(), &claims().to_string(), |message| pair.sign_bytes(message));
            let known = with_key_file(&Pair::new(auth::Algorithm::Es256).public_pem());
            for settings in [&with_secret(), &known] {
                assert_invalid(&verdict(settings, &forged).await, &member);
            }
        }
        assert_eq!(thief.asked(), 0);
    }
    // Not even where the right key has signed it.
    for member in [r#""jku":"https://id.example.org/keys""#, r#""x5u":"""#, r#""jwk":null"#, r#""x5c":[]"#] {
        assert_invalid(
            &verdict(&with_secret(), &headed(&format!(r#"{{"alg":"HS256",{member}}}"#))).await,
            member,
        );
    }
}

#[tokio::test]
async fn an_extension_that_must_be_understood_is_not() {
    for member in [
        r#""crit":["exp"]"#,
        r#""crit":[]"#,
        r#""crit":null"#,
        r#""b64":false,"crit":["b64"]"#,
        r#""b64":false"#,
    ] {
        assert_invalid(
            &verdict(&with_secret(), &headed(&format!(r#"{{"alg":"HS256",{member}}}"#))).await,
            member,
        );
    }
}

#[tokio::test]
async fn a_token_of_another_type_lets_nobody_in() {
    for kind in
        ["\"logout+jwt\"", "\"secevent+jwt\"", "\"dpop+jwt\"", "\"JWE\"", "\"\"", "null", "1", "[\"JWT\"]"]
    {
        assert_invalid(
            &verdict(&with_secret(), &headed(&format!(r#"{{"alg":"HS256","typ":{kind}}}"#))).await,
            kind,
        );
    }
    for kind in ["JWT", "jwt", "at+jwt", "application/at+jwt", "Application/JWT"] {
        let header = json!({ "alg": "HS256", "typ": kind }).to_string();
        assert!(verdict(&with_secret(), &headed(&header)).await.is_ok(), "{kind}");
    }
}

#[tokio::test]
async fn a_token_is_at_most_8_kib_long() {
    // Headers, dots and signature are of one length here, and three bytes of claims are four characters of token.
    let padded = |bytes: usize| {
        signed_text(&format!(r#"{{"userId":"ada","exp":{},"x":"{}"}}"#, NOW + 60, "x".repeat(bytes)))
    };
    let fitting = (0..8192).map(padded).take_while(|token| token.len() <= 8192).last().unwrap();
    assert!(fitting.len() > 8188);
    assert!(verdict(&with_secret(), &fitting).await.is_ok());
    for long in [padded(6100), padded(9 * 1024), padded(1 << 20)] {
        assert!(long.len() > 8192);
        assert_invalid(&verdict(&with_secret(), &long).await, long.len());
    }
}

#[tokio::test]
async fn a_member_that_is_there_twice_is_refused_however_it_is_written() {
    for header in [
        r#"{"alg":"none","alg":"HS256"}"#,
        r#"{"alg":"HS256","alg":"HS256"}"#,
        r#"{"alg":"HS256","\u0061lg":"none"}"#,
        r#"{"alg":"HS256","kid":"a","kid":"b"}"#,
    ] {
        assert_invalid(&verdict(&with_secret(), &headed(header)).await, header);
    }
    let exp = NOW + 60;
    for claims in [
        format!(r#"{{"userId":"eve","userId":"ada","exp":{exp}}}"#),
        format!(r#"{{"userId":"ada","exp":1,"exp":{exp}}}"#),
        format!(r#"{{"userId":"ada","exp":{exp},"\u0065xp":{exp}}}"#),
        format!(r#"{{"userId":"ada","exp":{exp},"x":1,"x":1}}"#),
        format!(r#"{{"userId":"ada","exp":{exp},"rooms":[{{"room":"abc","join":false,"join":true}}]}}"#),
    ] {
        assert_invalid(&verdict(&with_secret(), &signed_text(&claims)).await, claims);
    }
}

#[tokio::test]
async fn there_is_one_way_to_write_a_token() {
    let good = signed(&claims());
    assert!(verdict(&with_secret(), &good).await.is_ok());
    let (rest, signature) = good.rsplit_once('.').unwrap();
    let (header, claims) = rest.split_once('.').unwrap();
    let last = signature.chars().last().unwrap();
    // 32 bytes leave two bits of the last character unused; another reader might pass over them.
    let twin = char::from_u32(u32::from(last) + 1).unwrap();
    for other in [
        format!(" {good}"),
        format!("{good} "),
        format!("{good}\n"),
        format!("{good}\0"),
        format!("Bearer {good}"),
        format!("{good}="),
        format!("{header}=.{claims}.{signature}"),
        format!("{header}.{claims}=.{signature}"),
        format!("{header}.{claims}==.{signature}"),
        format!("{header} .{claims}.{signature}"),
        format!("{header}.{claims}.\n{signature}"),
        format!("{}\n{}.{claims}.{signature}", &header[..4], &header[4..]),
        format!("{rest}.{}{twin}", &signature[..signature.len() - 1]),
        format!("{rest}.{}", STANDARD.encode(decode(signature))),
        good.replace('.', "\u{2024}"),
        good.to_uppercase(),
    ] {
        assert_invalid(&verdict(&with_secret(), &other).await, &other);
    }
}

#[tokio::test]
async fn json_that_is_nested_deeply_or_is_none_is_refused() {
    let nest = |depth: usize| format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
    let claims = |x: &str| format!(r#"{{"userId":"ada","exp":{},"x":{x}}}"#, NOW + 60);
    assert!(verdict(&with_secret(), &signed_text(&claims(&nest(15)))).await.is_ok());
    for x in
        [nest(16), nest(2900), "[".repeat(5000), r#"{"a":"#.repeat(1000), "NaN".to_owned(), "01".to_owned()]
    {
        assert_invalid(&verdict(&with_secret(), &signed_text(&claims(&x))).await, format!("{x:.30}"));
    }
    for text in ["", "null", "1", "\"a\"", "[]", "{", "{}{}", "\u{feff}{}", "{'userId':'ada'}"] {
        assert_invalid(&verdict(&with_secret(), &signed_text(text)).await, text);
    }
    for header in [
        "",
        "null",
        "[]",
        "{",
        r#"{"alg":"HS256",}"#,
        &nest(3000),
        &format!(r#"{{"alg":"HS256","x":{}}}"#, nest(16)),
    ] {
        assert_invalid(&verdict(&with_secret(), &headed(header)).await, format!("{header:.30}"));
    }
    let not_utf8 = format!("{}.{}", base64(r#"{"alg":"HS256"}"#), base64(b"{\"userId\":\"\xff\"}"));
    let signature = base64(hs256(SECRET.as_bytes())(not_utf8.as_bytes()));
    assert_invalid(&verdict(&with_secret(), &format!("{not_utf8}.{signature}")).await, "not UTF-8");
}

#[tokio::test]
async fn a_refresh_token_is_no_access_token_and_the_other_way_round() {
    let refresh = RefreshToken::generate().unwrap();
    assert_invalid(&verdict(&with_secret(), refresh.expose()).await, "refresh");
    let access = signed(&claims());
    assert_eq!(RefreshToken::try_from(access.as_str()).err(), Some(MalformedRefreshToken));
}
