//! What a connection costs that only is there.

use std::io::Write as _;

use testkit::{Authority, Folder, Program};

/// Of which a session under TLS has, above all, 4 KiB to read records into. It is 12 KB mostly; the allocator takes memory in
/// steps, of which one more or less is 6 KB for each of so many connections.
const MAX_BYTES_EACH: u64 = 24 << 10;

const CONNECTIONS: u32 = 400;

#[tokio::test]
async fn an_idle_websocket_under_tls_costs_few_kilobytes() {
    let (authority, folder) = (Authority::new(), Folder::new());
    let (chain, key) = authority.certificate().write(folder.path());
    let options = [
        ("--tls-cert-file", chain.to_str().unwrap()),
        ("--tls-key-file", key.to_str().unwrap()),
        ("--connections-per-minute", "0"),
    ];
    let options: Vec<&str> = options.iter().flat_map(|(name, value)| [*name, *value]).collect();
    let home = folder.path().to_str().unwrap();
    let program = Program::start(env!("CARGO_BIN_EXE_paraclete"), home, &options).await.under_tls(&authority);
    let mut idle = Vec::new();
    for _ in 0..50 {
        idle.push(program.guest("warm-up").await);
    }
    let before = program.resident_bytes();
    for _ in 0..CONNECTIONS {
        idle.push(program.guest("idle").await);
    }
    let each = program.resident_bytes().saturating_sub(before) / u64::from(CONNECTIONS);
    let _ = writeln!(std::io::stderr(), "{each} bytes for each idle connection");
    assert!(each < MAX_BYTES_EACH, "{each} bytes for each idle connection");
}
