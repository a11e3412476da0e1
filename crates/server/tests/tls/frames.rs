//! HTTP/2 as no client speaks it, frame by frame (RFC 9113).

use std::time::Duration;

use testkit::{Authority, Folder, within};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::client::TlsStream;

use crate::support::{client, listener, session, start};

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
const CONTINUATION: u8 = 9;

const END_STREAM_AND_HEADERS: u8 = 5;

/// GET https://a/ as HPACK has it (RFC 7541): three of its static table, and one that is spelt out.
const GET: &[u8] = &[0x82, 0x87, 0x84, 0x41, 1, b'a'];

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let mut frame = length[1..].to_vec();
    frame.extend([kind, flags]);
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}

async fn begin(address: std::net::SocketAddr, authority: &Authority) -> TlsStream<TcpStream> {
    let mut stream = session(address, client(authority, &[b"h2"])).await.unwrap();
    stream.write_all(&[PREFACE, &frame(SETTINGS, 0, 0, &[])].concat()).await.unwrap();
    stream
}

/// What comes until the close: each frame's kind, and the error code of the last GOAWAY.
async fn rest(stream: &mut TlsStream<TcpStream>) -> (Vec<u8>, Option<u32>) {
    let mut all = Vec::new();
    // A reset is a close too.
    let _ = stream.read_to_end(&mut all).await;
    let (mut kinds, mut code, mut rest) = (Vec::new(), None, &all[..]);
    while rest.len() >= 9 {
        let length = usize::try_from(u32::from_be_bytes([0, rest[0], rest[1], rest[2]])).unwrap();
        let Some(payload) = rest.get(9..9 + length) else { break };
        kinds.push(rest[3]);
        if rest[3] == GOAWAY {
            code = Some(u32::from_be_bytes(payload[4..8].try_into().unwrap()));
        }
        rest = &rest[9 + length..];
    }
    (kinds, code)
}

#[tokio::test]
async fn a_flood_of_resets_ends_the_connection_and_nobody_else_notices() {
    const ENHANCE_YOUR_CALM: u32 = 11;
    let tls = start().await;
    let mut honest = tls.server.guest("honest").await;
    let mut stream = begin(tls.server.address(), &tls.authority).await;
    let mut flood = Vec::new();
    for stream in (1..20_000).step_by(2) {
        flood.extend(frame(HEADERS, END_STREAM_AND_HEADERS, stream, GET));
        flood.extend(frame(RST_STREAM, 0, stream, &[0, 0, 0, 8]));
    }
    let _ = within("the flood", stream.write_all(&flood)).await;
    let (_, code) = within("a close", rest(&mut stream)).await;
    assert!(code.is_none_or(|code| code == ENHANCE_YOUR_CALM), "{code:?}");
    honest.join("standup").await;
}

#[tokio::test]
async fn a_host_that_differs_from_the_authority_is_refused() {
    /// `:status` of the answer, as the table of HPACK has it.
    const OK: u8 = 0x88;
    const BAD_REQUEST: u8 = 0x8c;
    let tls = start().await;
    let livez = [&[0x82, 0x87, 0x41, 1, b'a', 0x44, 6][..], b"/livez"].concat();
    for (host, status) in [(None, OK), (Some(b'a'), OK), (Some(b'b'), BAD_REQUEST)] {
        let mut stream = begin(tls.server.address(), &tls.authority).await;
        let host = host.map_or(Vec::new(), |host| vec![0x66, 1, host]);
        let request = frame(HEADERS, END_STREAM_AND_HEADERS, 1, &[&livez[..], &host].concat());
        stream.write_all(&request).await.unwrap();
        let answer = within("an answer", head(&mut stream)).await;
        assert!(answer.contains(&status), "{host:?}: {answer:?}");
    }
}

/// The payload of the first HEADERS that comes.
async fn head(stream: &mut TlsStream<TcpStream>) -> Vec<u8> {
    loop {
        let mut head = [0; 9];
        stream.read_exact(&mut head).await.unwrap();
        let mut payload = vec![0; usize::from(head[1]) << 8 | usize::from(head[2])];
        stream.read_exact(&mut payload).await.unwrap();
        if head[3] == HEADERS {
            // The rest of its table is of no interest, and would only be mistaken for the status.
            payload.truncate(2);
            return payload;
        }
    }
}

#[tokio::test]
async fn a_head_without_end_ends_the_connection() {
    let tls = start().await;
    let mut stream = begin(tls.server.address(), &tls.authority).await;
    let mut flood = frame(HEADERS, 0, 1, GET);
    // A header that is spelt out, over and over.
    let header = [&[0x00, 1, b'x', 0x7f, 0x81, 0x00][..], &[b'x'; 256]].concat();
    for _ in 0..4_000 {
        flood.extend(frame(CONTINUATION, 0, 1, &header));
    }
    let _ = within("the flood", stream.write_all(&flood)).await;
    let (kinds, _) = within("a close", rest(&mut stream)).await;
    assert!(!kinds.is_empty());
    assert_eq!(tls.server.http().await.get("/livez").await.status, 200);
}

#[tokio::test(start_paused = true)]
async fn a_connection_without_a_request_and_one_with_half_a_head_are_told_to_go_and_cut() {
    let (authority, folder) = (Authority::new(), Folder::new());
    let (address, _life) = listener(&authority, &folder);
    for begun in [Vec::new(), frame(HEADERS, 0, 1, &GET[..3]), frame(HEADERS, END_STREAM_AND_HEADERS, 1, GET)]
    {
        let mut stream = begin(address, &authority).await;
        stream.write_all(&begun).await.unwrap();
        let (kinds, _) = timeout(Duration::from_secs(60), rest(&mut stream)).await.expect("a close");
        assert!(kinds.contains(&GOAWAY), "{kinds:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_nobody_takes_is_given_up() {
    let (authority, folder) = (Authority::new(), Folder::new());
    let (address, _life) = listener(&authority, &folder);
    let mut stream = session(address, client(&authority, &[b"h2"])).await.unwrap();
    // A window of no bytes, and an answer to every ping, so that the connection is not dead.
    let settings = frame(SETTINGS, 0, 0, &[0, 4, 0, 0, 0, 0]);
    let request = frame(HEADERS, END_STREAM_AND_HEADERS, 1, GET);
    stream.write_all(&[PREFACE, &settings, &request].concat()).await.unwrap();
    let start = tokio::time::Instant::now();
    let (mut reader, mut writer) = tokio::io::split(stream);
    let cut = async {
        let mut head = [0; 9];
        while reader.read_exact(&mut head).await.is_ok() {
            let length = usize::from(head[1]) << 8 | usize::from(head[2]);
            let mut payload = vec![0; length];
            if reader.read_exact(&mut payload).await.is_err() {
                return;
            }
            if head[3] == PING
                && head[4] == 0
                && writer.write_all(&frame(PING, 1, 0, &payload)).await.is_err()
            {
                return;
            }
        }
    };
    timeout(Duration::from_secs(150), cut).await.expect("a close");
    assert!(start.elapsed() >= Duration::from_secs(100), "{:?}", start.elapsed());
}
