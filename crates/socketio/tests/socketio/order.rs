//! Events of one connection reach the application one after the other, as they were sent; and what it says arrives
//! as it was said.

use crate::support::{Client, Poller, Server, ws::frame};

const BURSTS: usize = 200;
const EVENTS: usize = 100;

/// The packets of one burst: events that say their place.
fn burst(number: usize) -> Vec<String> {
    (0..EVENTS).map(|event| format!("42[\"e\",{}]", number * EVENTS + event)).collect()
}

async fn all_came_in_order(server: &mut Server) {
    for place in 0..BURSTS * EVENTS {
        assert_eq!(server.saw_event().await, ("e".to_owned(), place.to_string()));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_hundred_bursts_of_a_hundred_events_arrive_in_order_over_a_websocket() {
    let mut server = Server::start().await;
    let mut client = Client::join(&server).await;
    for number in 0..BURSTS {
        let frames: Vec<u8> = burst(number).iter().flat_map(|text| frame(0x81, text.as_bytes())).collect();
        client.ws.send(&frames).await;
    }
    all_came_in_order(&mut server).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_hundred_bursts_of_a_hundred_events_arrive_in_order_over_polling() {
    let mut server = Server::start().await;
    let client = Poller::socketio(&server).await;
    client.say("40").await;
    for number in 0..BURSTS {
        client.say(burst(number).join("\x1e")).await;
    }
    all_came_in_order(&mut server).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn events_of_two_namespaces_stay_in_order_among_each_other() {
    let mut server = Server::start().await;
    let mut client = Client::join(&server).await;
    client.enter("/custom").await;
    let mut frames = Vec::new();
    for place in 0..BURSTS * EVENTS {
        let namespace = if place % 3 == 0 { "/custom," } else { "" };
        frames.extend(frame(0x81, format!("42{namespace}[\"e\",{place}]").as_bytes()));
    }
    client.ws.send(&frames).await;
    all_came_in_order(&mut server).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_one_task_says_arrives_in_the_order_said_over_both_transports() {
    let mut server = Server::start().await;
    let mut client = Client::join(&server).await;
    let over_websocket = server.saw_connected().await;
    let poller = Poller::socketio(&server).await;
    poller.say("40").await;
    poller.packets(1).await;
    let over_polling = server.saw_connected().await;
    let speaker = server.tasks.spawn_blocking(move || {
        for place in 0..5000 {
            let body = format!("[\"e\",{place}]");
            over_websocket.emit(body.as_bytes()).unwrap();
            over_polling.emit(body.as_bytes()).unwrap();
        }
    });
    for place in 0..5000 {
        assert_eq!(client.hears().await, format!("42[\"e\",{place}]"));
    }
    speaker.await.unwrap();
    let polled = poller.packets(5000).await;
    for (place, packet) in polled.iter().enumerate() {
        assert_eq!(*packet, format!("42[\"e\",{place}]"));
    }
}

#[tokio::test]
async fn what_several_tasks_say_arrives_whole() {
    let mut server = Server::start().await;
    let mut client = Client::join(&server).await;
    let socket = server.saw_connected().await;
    for speaker in 0..4 {
        let socket = socket.clone();
        server.tasks.spawn_blocking(move || {
            for place in 0..500 {
                socket.emit(format!("[\"{speaker}\",{place}]").as_bytes()).unwrap();
            }
        });
    }
    let mut next = [0; 4];
    for _ in 0..2000 {
        let text = client.hears().await;
        let (speaker, place) = text[4..text.len() - 1].split_once("\",").unwrap();
        let speaker: usize = speaker.parse().unwrap();
        assert_eq!(place, next[speaker].to_string());
        next[speaker] += 1;
    }
}
