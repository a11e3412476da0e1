//! The load generator of Paraclete's benchmarks.
//!
//! It plays WebSocket peers that joined rooms of two and relay signals to each other, and measures what the
//! *server* spends on it: CPU time of its process, nanoseconds from the kernel's scheduler. So that the figure
//! is the server's alone, the two run on a core each ([`child`]), and this side is kept cheap: frames are
//! encoded and masked beforehand ([`message`]), one thread polls all sockets, one read and one write move all
//! that a socket has ([`drive`]). Every relayed message is compared byte by byte with what was sent
//! ([`verify`]): a server that drops, repeats or mangles one fails the run.
//!
//! Read on in the order in which a run goes: [`compare`] starts servers in turn, [`connect`] brings the peers
//! into their rooms, [`drive`] relays, [`report`] prints. [`logins`] does the same with people who log in beside the
//! relays, and [`facts`] writes down what the store's own measurement prints.

mod child;
mod cli;
mod compare;
mod connect;
mod drive;
mod facts;
mod frame;
mod http;
mod instructions;
mod logins;
mod machine;
mod message;
mod peer;
mod report;
mod scenario;
mod stats;
mod verify;

fn main() -> anyhow::Result<()> {
    cli::run()
}
