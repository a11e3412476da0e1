//! Which names are taken, and which are refused.

use domain::{Code, Refusal, RoomId, Tenant, UserId, Username};

/// What a hostile app might hope is special somewhere.
const PLAIN_DATA: &[&str] =
    &["__proto__", "constructor", "prototype", "toString", "NaN", "null", "-1", "___"];

#[test]
fn a_room_id_has_3_to_100_word_characters() {
    let (longest, too_long, huge) = ("r".repeat(100), "r".repeat(101), "r".repeat(1_000_000));

    for text in ["abc", "ABC-def_019", &longest] {
        assert_eq!(RoomId::try_from(text).unwrap().as_str(), text);
    }
    for text in ["", "a", "ab", &too_long, &huge] {
        assert_refused(&RoomId::try_from(text).unwrap_err());
    }
}

#[test]
fn a_room_id_holds_no_other_characters_and_no_unicode_tricks() {
    for text in [
        "a b c",
        "abc\n",
        "abc\0",
        "abc/",
        "../abc",
        "abc.",
        "a:b:c",
        "caf\u{e9}s",
        "ro\u{200b}om",
        "\u{ff41}bc",
        "\u{430}bc",
        "abc\u{202e}",
        "<b>x",
        "a\"bc",
        "a\\bc",
        "%61bc",
    ] {
        assert_refused(&RoomId::try_from(text).unwrap_err());
    }
}

#[test]
fn a_user_id_has_1_to_128_characters_counted_as_characters() {
    let (longest, too_long, huge) = ("\u{1f642}".repeat(128), "\u{1f642}".repeat(129), "u".repeat(1_000_000));

    for text in ["u", "42", "alice@example.com", "Ana Mar\u{ed}a", "\u{d64d}\u{ae38}\u{b3d9}", &longest] {
        assert_eq!(UserId::try_from(text).unwrap().as_str(), text);
    }
    for text in ["", &too_long, &huge] {
        assert_refused(&UserId::try_from(text).unwrap_err());
    }
}

#[test]
fn a_user_id_shows_every_character_it_has() {
    for trick in [
        '\0',
        '\t',
        '\n',
        '\r',
        '\u{1b}',
        '\u{7f}',
        '\u{85}',
        '\u{a0}',
        '\u{ad}',
        '\u{61c}',
        '\u{180e}',
        '\u{200b}',
        '\u{200d}',
        '\u{200e}',
        '\u{200f}',
        '\u{2028}',
        '\u{2029}',
        '\u{202a}',
        '\u{202e}',
        '\u{2060}',
        '\u{2066}',
        '\u{2069}',
        '\u{2800}',
        '\u{3000}',
        '\u{3164}',
        '\u{fe0f}',
        '\u{feff}',
        '\u{ffa0}',
        '\u{fff9}',
        '\u{fffe}',
        '\u{1fffe}',
        '\u{e0041}',
        '\u{10ffff}',
    ] {
        assert_refused(&UserId::try_from(format!("al{trick}ice").as_str()).unwrap_err());
        assert_refused(&UserId::try_from(format!("alice{trick}").as_str()).unwrap_err());
    }
}

#[test]
fn a_username_has_2_to_50_characters_and_is_kept_as_given() {
    let (longest, too_long) = ("\u{e9}".repeat(50), "\u{e9}".repeat(51));

    for text in [
        "Al",
        " Al ",
        "<b>Al</b>",
        "\u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467}",
        "\u{645}\u{6cc}\u{200c}",
        &longest,
    ] {
        assert_eq!(Username::try_from(text).unwrap().as_str(), text);
    }
    for text in ["", "A", &too_long] {
        assert_refused(&Username::try_from(text).unwrap_err());
    }
}

#[test]
fn a_username_holds_no_control_characters_and_turns_no_text_around() {
    for trick in
        ['\0', '\n', '\r', '\t', '\u{1b}', '\u{7f}', '\u{9b}', '\u{2028}', '\u{202d}', '\u{202e}', '\u{2067}']
    {
        assert_refused(&Username::try_from(format!("Al{trick}ice").as_str()).unwrap_err());
    }
}

#[test]
fn a_tenant_is_the_default_world_or_has_a_word_for_a_name() {
    assert_eq!(Tenant::default().name(), None);
    assert_eq!(Tenant::try_from("acme").unwrap().name(), Some("acme"));
    for text in ["", "a/b", "a b", &"t".repeat(65)] {
        assert_refused(&Tenant::try_from(text).unwrap_err());
    }
}

#[test]
fn names_that_are_special_elsewhere_are_plain_data_here() {
    for text in PLAIN_DATA {
        assert_eq!(UserId::try_from(*text).unwrap().as_str(), *text);
        assert_eq!(Username::try_from(*text).unwrap().as_str(), *text);
    }
    for text in ["__proto__", "constructor", "prototype", "___"] {
        assert_eq!(RoomId::try_from(text).unwrap().as_str(), text);
    }
}

#[test]
fn a_refused_name_is_shown_shortened_and_without_its_control_characters() {
    let refusal = RoomId::try_from("a\r\nINFO \u{202e}forged").unwrap_err();
    assert_eq!(
        refusal.to_string(),
        r#"roomId is "a\r\nINFO \u{202e}forged": it must be 3 to 100 characters of A-Z a-z 0-9 _ -"#
    );

    let refusal = RoomId::try_from("x".repeat(1_000_000).as_str()).unwrap_err();
    assert!(refusal.to_string().len() < 200, "{refusal}");
}

fn assert_refused(refusal: &Refusal) {
    assert_eq!(refusal.code(), Code::ValidationError);
}
