//! Hostile frames and packets.

use serde_json::{Value, json};
use testkit::{Heard, Program};

use crate::{
    beside_a_call,
    raw::{CONTINUATION, FINAL, PING, Raw, TEXT, framed},
};

#[tokio::test]
async fn what_is_no_packet_closes_its_own_connection() {
    beside_a_call(&[], async |program: &Program| {
        for said in [
            "",
            "\x1e",
            "x",
            "7",
            "9999",
            "4",
            "4\u{1F600}",
            "42",
            "42[",
            "42[]",
            "42{}",
            "42[null]",
            "42[1]",
            "42[{}]",
            "42[[\"x\"]]",
            "42\"x\"",
            "42[\"x\"]]",
            "42[\"x\",]",
            "42[\"x\u{0}\"]",
            "42[\"connect\"]",
            "42[\"disconnect\",{}]",
            "42[\"disconnecting\"]",
            "42[\"newListener\"]",
            "42-1[\"x\"]",
            "421.5[\"x\"]",
            "43[]",
            "44{\"message\":\"x\"}",
            "45",
            "45-[\"x\"]",
            "4511-[\"x\"]",
            "451000000000-[\"x\"]",
            "45-1-[\"x\"]",
            "451.5-[\"x\"]",
            "45NaN-[\"x\"]",
            "451-[\"x\",{\"_placeholder\":true,\"num\":-1}]",
            "451-[\"x\",{\"_placeholder\":true,\"num\":\"0\"}]",
            "451-[\"x\",{\"_placeholder\":true,\"num\":1}]",
            "47[\"x\"]",
        ] {
            let (mut raw, _) = Raw::connected(program).await;
            raw.text(said).await;
            assert_eq!(raw.close_code().await, Some(1008), "{said:?}");
        }
        let (mut raw, _) = Raw::connected(program).await;
        raw.bytes(&framed(FINAL | 2, b"binary that nobody announced")).await;
        assert_eq!(raw.close_code().await, Some(1008));
    })
    .await;
}

#[tokio::test]
async fn binary_data_in_an_event_is_refused_and_the_connection_stays() {
    beside_a_call(&[], async |program: &Program| {
        let (mut raw, _) = Raw::connected(program).await;
        raw.text(r#"451-7["join",{"roomId":"binary-room"},{"_placeholder":true,"num":0}]"#).await;
        raw.bytes(&framed(FINAL | 2, &[0; 1_000])).await;
        let (_, refused) = raw.frame().await.unwrap();
        let refused = String::from_utf8(refused).unwrap();
        assert!(refused.starts_with("437[") && refused.contains("VALIDATION_ERROR"), "{refused}");
        raw.text(r#"428["leave",{}]"#).await;
        assert_eq!(raw.frame().await.unwrap().1, br#"438[{"success":true}]"#);
    })
    .await;
}

#[tokio::test]
async fn frames_that_break_the_protocol_are_closed_with_its_codes() {
    beside_a_call(&[], async |program: &Program| {
        let announcing = |length: u64| [&[0x81, 0xff][..], &length.to_be_bytes(), &[0; 4]].concat();
        let large = vec![b'x'; 1_000_001];
        let fragments =
            [framed(TEXT, &large[..600_000]), framed(CONTINUATION | FINAL, &large[..400_001])].concat();
        for (bytes, code) in [
            (framed(FINAL | TEXT, b"42[\"\xff\xfe\"]"), 1007),
            (framed(FINAL | TEXT | 0x40, b"3"), 1002),
            (framed(FINAL | 0x03, b""), 1002),
            (framed(FINAL | 0x0b, b""), 1002),
            (vec![0x81, 0x01, b'3'], 1002),
            (framed(0x09, b"a fragmented ping"), 1002),
            (framed(PING, &[0; 126]), 1002),
            (framed(FINAL | CONTINUATION, b"of nothing"), 1002),
            (framed(0x88, &[0x03]), 1002),
            (framed(0x88, &999_u16.to_be_bytes()), 1002),
            (announcing(1 << 62), 1009),
            (announcing(1 << 30), 1009),
            (announcing(u64::MAX), 1009),
            (framed(FINAL | TEXT, &large), 1009),
            (fragments, 1009),
        ] {
            let (mut raw, _) = Raw::connected(program).await;
            raw.bytes(&bytes).await;
            let got = raw.close_code().await;
            assert!(got == Some(code), "{got:?} instead of {code} for {:?}", &bytes[..bytes.len().min(16)]);
        }
    })
    .await;
}

#[tokio::test]
async fn fragments_without_end_are_closed() {
    beside_a_call(&[], async |program: &Program| {
        for fragment in [&b""[..], b"x"] {
            let (mut raw, _) = Raw::connected(program).await;
            let first = framed(TEXT, fragment);
            raw.bytes(&[first, framed(CONTINUATION, fragment).repeat(300_000)].concat()).await;
            // It may have been cut off while it was still sending.
            assert!(matches!(raw.close_code().await, Some(1008) | None));
        }
        let mut unfinished = Vec::new();
        for _ in 0..100 {
            let (mut raw, _) = Raw::connected(program).await;
            raw.bytes(&[framed(TEXT, b"42["), framed(CONTINUATION, b" ").repeat(3_000)].concat()).await;
            unfinished.push(raw);
        }
        let closed = r#"signaling_connections_closed_total{reason="too many fragments"}"#;
        assert_eq!(program.metrics().await.value(closed) as u64, 2);
    })
    .await;
}

#[tokio::test]
async fn fifty_thousand_pings_fill_no_memory() {
    beside_a_call(&[], async |program: &Program| {
        let (mut raw, _) = Raw::connected(program).await;
        let pings = framed(PING, &[b'p'; 125]).repeat(50_000);
        raw.bytes(&pings).await;
    })
    .await;
}

#[tokio::test]
async fn json_of_a_hundred_thousand_levels_is_closed() {
    beside_a_call(&[], async |program: &Program| {
        let deep = 100_000;
        for payload in [
            "[".repeat(deep),
            format!("{}{}", "[".repeat(deep), "]".repeat(deep)),
            "{\"a\":".repeat(deep),
            format!("{}1{}", "{\"a\":".repeat(deep), "}".repeat(deep)),
        ] {
            let (mut raw, _) = Raw::connected(program).await;
            raw.text(&format!(r#"42["join",{payload}]"#)).await;
            assert_eq!(raw.close_code().await, Some(1008));
            let mut raw = Raw::open(program).await;
            raw.text(&format!("40{payload}")).await;
            assert_eq!(raw.close_code().await, Some(1008));
        }
        // What is as deep as it may be is an event like any other.
        let mut deepest = program.dial().connect("deepest").await.unwrap();
        let nested = format!("{}{}", "[".repeat(62), "]".repeat(62));
        let answer = deepest.asks("join", format_args!(r#"{{"roomId":"deep-room","x":{nested}}}"#)).await;
        assert_eq!(answer["success"], true);
    })
    .await;
}

#[tokio::test]
async fn names_of_javascript_are_plain_rooms_and_users() {
    beside_a_call(&[], async |program: &Program| {
        for name in ["__proto__", "constructor", "prototype", "toString", "hasOwnProperty", "valueOf"] {
            let dial = || program.dial().auth(json!({ "userId": name, "username": name }));
            let (mut one, mut two) =
                (dial().connect("one").await.unwrap(), dial().connect("two").await.unwrap());
            assert_eq!(one.join(name).await, json!([]));
            let existing = two.join(name).await;
            assert_eq!([&existing[0]["userId"], &existing[0]["username"]], [name, name]);
            let joined = one.hears("peer-joined").await;
            assert_eq!([&joined["userId"], &joined["peerId"]], [name, two.id()]);
            let body = format!(
                r#"{{"__proto__":{{"a":1}},"__proto__":2,"{name}":"v=0","type":"offer","sdp":"v=0"}}"#
            );
            two.emit("offer", format_args!(r#"{{"to":"{}","offer":{body},"roomId":"{name}"}}"#, one.id()));
            let heard = one.hears_raw("offer").await;
            assert_eq!(heard.get(), format!(r#"{{"from":"{}","offer":{body}}}"#, two.id()));
            assert_eq!(two.asks(name, "{}").await["error"]["code"], "UNKNOWN_EVENT");
        }
    })
    .await;
}

#[tokio::test]
async fn the_edges_of_json_are_relayed_or_refused_and_stated() {
    beside_a_call(&[], async |program: &Program| {
        let mut one = program.dial().connect("one").await.unwrap();
        let mut two = program.dial().connect("two").await.unwrap();
        one.join("edges").await;
        two.join("edges").await;
        for odd in
            ["1e400", "-1e400", "9007199254740993", "0.1e-999", r#""\ud800""#, r#""\u0000""#, "\"\u{7f}\""]
        {
            let refused = one.asks("join", format_args!(r#"{{"roomId":{odd}}}"#)).await;
            assert_eq!(refused["error"]["code"], "VALIDATION_ERROR", "{odd}");
            one.emit(
                "ice-candidate",
                format_args!(r#"{{"to":"{}","candidate":{{"candidate":"","x":{odd}}}}}"#, two.id()),
            );
            let heard = two.hears_raw("ice-candidate").await;
            assert!(
                heard.get().ends_with(&format!(r#""candidate":{{"candidate":"","x":{odd}}}}}"#)),
                "{heard}"
            );
        }
        for odd in
            ["NaN", "Infinity", "01", "+1", ".5", "'x'", "undefined", "\"\n\"", "tru", "\"\\x\"", "\"\\u12\""]
        {
            let (mut raw, _) = Raw::connected(program).await;
            raw.text(&format!(r#"42["join",{{"roomId":{odd}}}]"#)).await;
            assert_eq!(raw.close_code().await, Some(1008), "{odd}");
        }
    })
    .await;
}

#[tokio::test]
async fn acknowledgements_that_nobody_asked_for_are_ignored() {
    beside_a_call(&[], async |program: &Program| {
        let mut forger = program.dial().connect("forger").await.unwrap();
        for id in 0..10_000_u64 {
            forger.send(format!(r#"43{}[{{"success":true}}]"#, id * 1_000_003));
        }
        forger.send("4318446744073709551615[]");
        forger.send("4318446744073709551616[]");
        forger.send(format!("43{}[]", "9".repeat(1_000)));
        forger.send(format!(r#"42{}["join",{{"roomId":"forged-room"}}]"#, "9".repeat(30)));
        forger.send(r#"4218446744073709551615["leave",{}]"#);
        assert_eq!(forger.ack(u64::MAX).await, json!({ "success": true }));
        forger.hears_nothing().await;
    })
    .await;
}

#[tokio::test]
async fn packets_out_of_place_are_closed_and_deliver_nothing() {
    beside_a_call(&[], async |program: &Program| {
        let mut listener = program.dial().connect("listener").await.unwrap();
        listener.join("quiet-room").await;
        let join = r#"42["join",{"roomId":"quiet-room"}]"#;
        let join_mesh = r#"42/mesh,["join",{"roomId":"quiet-room"}]"#;
        for packets in [
            vec![join],
            vec!["41"],
            vec!["430[]"],
            vec!["40", "40"],
            vec!["40", join_mesh],
            vec!["40", "41", join],
            vec!["40", "41", "41"],
            vec!["40/nonsense,", r#"42/nonsense,["join",{"roomId":"quiet-room"}]"#],
        ] {
            let mut raw = Raw::open(program).await;
            for packet in &packets {
                raw.text(packet).await;
            }
            assert_eq!(raw.close_code().await, Some(1008), "{packets:?}");
        }
        listener.hears_nothing().await;
    })
    .await;
}

#[tokio::test]
async fn ten_thousand_namespaces_are_too_many() {
    beside_a_call(&[], async |program: &Program| {
        let (mut raw, _) = Raw::connected(program).await;
        let many: Vec<u8> =
            (0..10_000).flat_map(|n| framed(FINAL | TEXT, format!("40/name-{n},").as_bytes())).collect();
        raw.bytes(&many).await;
        assert!(matches!(raw.close_code().await, Some(1008) | None));
        for name in [
            format!("40/{},", "x".repeat(64 << 10)),
            "40/\u{202e}hsem,".to_owned(),
            "40/mesh\u{0},".to_owned(),
        ] {
            let mut raw = Raw::open(program).await;
            raw.text(&name).await;
            raw.frame().await;
            if let Some((1, refused)) = raw.frame().await {
                assert!(refused.starts_with(b"44/"), "{}", String::from_utf8_lossy(&refused));
            }
        }
    })
    .await;
}

#[tokio::test]
async fn ten_thousand_rooms_are_too_many() {
    beside_a_call(&["--events-per-second", "0"], async |program: &Program| {
        let mut collector = program.dial().connect("collector").await.unwrap();
        for number in 0..10_000 {
            collector.emit_for_ack("join", json!({ "roomId": format!("room-{number}") }));
        }
        let mut joined = 0;
        for number in 0..10_000 {
            let answer: Value = collector.ack(number).await;
            joined += u64::from(answer["success"] == true);
            assert!(answer["success"] == true || answer["error"]["code"] == "FORBIDDEN", "{answer}");
        }
        assert_eq!(joined, 64);
        program.counts(3, 3, 65).await;
        let heard = collector.overhears().await;
        assert!(
            heard.iter().all(|heard| matches!(heard, Heard::Event { name, .. } if name == "existing-peers"))
        );
    })
    .await;
}
