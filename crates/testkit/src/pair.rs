//! Two honest clients in a call.

use std::{cell::Cell, future::Future, net::SocketAddr, time::Duration};

use serde_json::json;
use tokio::time::{MissedTickBehavior, interval};

use crate::client::{Client, Dial};

/// Below the limit of relays for each of the two.
const BETWEEN_ROUNDS: Duration = Duration::from_millis(50);

/// Two who were there before, in a room of their own, and signal each other to and fro.
#[derive(Debug)]
pub struct Pair {
    alice: Client,
    bob: Client,
    rounds: u64,
}

impl Pair {
    /// Both connect and meet.
    pub async fn meet(address: SocketAddr) -> Self {
        let guest = async |name: &str| {
            let dial = Dial::new(address).auth(json!({ "userId": name }));
            dial.connect(name).await.expect("an honest client is let in")
        };
        let (mut alice, mut bob) = (guest("honest-alice").await, guest("honest-bob").await);
        alice.join("honest-room").await;
        bob.join("honest-room").await;
        alice.hears("peer-joined").await;
        let mut pair = Self { alice, bob, rounds: 0 };
        pair.round().await;
        pair
    }

    /// An offer there and an answer back, both acknowledged. Each step has its deadline.
    pub async fn round(&mut self) {
        let Self { alice, bob, rounds } = self;
        let sdp = format!("v=0\r\ns=round {rounds}\r\n");
        let offer = json!({ "to": bob.id(), "offer": { "type": "offer", "sdp": sdp } });
        assert_eq!(alice.asks("offer", &offer).await, json!({ "success": true }));
        let heard = bob.hears("offer").await;
        assert_eq!(heard, json!({ "from": alice.id(), "offer": { "type": "offer", "sdp": sdp } }));
        let answer = json!({ "to": heard["from"], "answer": { "type": "answer", "sdp": sdp } });
        assert_eq!(bob.asks("answer", &answer).await, json!({ "success": true }));
        assert_eq!(alice.hears("answer").await["answer"], answer["answer"]);
        *rounds += 1;
    }

    /// Goes on, round after round, until somebody else has done what they do; and once more after it.
    pub async fn while_others<T>(&mut self, what_they_do: impl Future<Output = T>) -> T {
        let are_done = Cell::new(false);
        let others = async {
            let done = what_they_do.await;
            are_done.set(true);
            done
        };
        let call = async {
            let mut rounds = interval(BETWEEN_ROUNDS);
            rounds.set_missed_tick_behavior(MissedTickBehavior::Delay);
            while !are_done.get() {
                rounds.tick().await;
                self.round().await;
            }
        };
        let (done, ()) = tokio::join!(others, call);
        self.round().await;
        done
    }
}
