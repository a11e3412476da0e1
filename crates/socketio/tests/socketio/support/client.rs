//! A Socket.IO client over a WebSocket.

use super::{Server, Ws};

#[derive(Debug)]
pub(crate) struct Client {
    pub(crate) ws: Ws,
}

impl Client {
    /// In no namespace yet.
    pub(crate) async fn open(server: &Server) -> Self {
        let mut ws = Ws::open(server.address, "/socket.io/?EIO=4&transport=websocket").await;
        assert!(ws.next_text().await.starts_with("0{"));
        Self { ws }
    }

    /// In `/`.
    pub(crate) async fn join(server: &Server) -> Self {
        let mut client = Self::open(server).await;
        client.enter("").await;
        client
    }

    /// Enters a namespace (nothing stands for `/`), and says under which id.
    pub(crate) async fn enter(&mut self, namespace: &str) -> String {
        let prefix = if namespace.is_empty() { "40".to_owned() } else { format!("40{namespace},") };
        self.say(&prefix).await;
        let answer = self.hears().await;
        let id = answer.strip_prefix(&prefix).unwrap_or_else(|| panic!("not let in: {answer}"));
        id.strip_prefix(r#"{"sid":""#).and_then(|id| id.strip_suffix(r#""}"#)).unwrap().to_owned()
    }

    pub(crate) async fn say(&mut self, packet: &str) {
        self.ws.text(packet).await;
    }

    /// The next text that is no PING; PINGs are answered.
    pub(crate) async fn hears(&mut self) -> String {
        loop {
            let text = self.ws.next_text().await;
            if text != "2" {
                return text;
            }
            self.ws.text("3").await;
        }
    }

    /// The server still answers this client.
    pub(crate) async fn is_served(&mut self) {
        self.say(r#"42["echo",1]"#).await;
        assert_eq!(self.hears().await, r#"42["back",1]"#);
    }
}
