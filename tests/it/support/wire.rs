//! A wire between the service and its database that can be cut without a word, as a firewall does that forgets
//! a connection: nobody hangs up, nothing arrives.

use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// The wire; connections made after a cut work.
pub struct Wire {
    pub url: String,
    cuts: watch::Sender<u32>,
}

impl Wire {
    /// A wire to the server of this URL.
    pub async fn to(url: &str) -> Self {
        let (before, rest) = url.rsplit_once('@').unwrap();
        let (server, database) = rest.split_once('/').unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (cuts, cut) = watch::channel(0);
        let url = format!("{before}@{}/{database}", listener.local_addr().unwrap());
        let server = server.to_owned();
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                tokio::spawn(carry(near, server.clone(), cut.clone()));
            }
        });
        Self { url, cuts }
    }

    /// Silences the connections that there are.
    pub fn cut(&self) {
        self.cuts.send_modify(|cuts| *cuts += 1);
    }
}

async fn carry(mut near: TcpStream, server: String, mut cut: watch::Receiver<u32>) {
    cut.mark_unchanged();
    let mut far = TcpStream::connect(server).await.unwrap();
    tokio::select! {
        _ = tokio::io::copy_bidirectional(&mut near, &mut far) => {}
        // Both ends stay open.
        Ok(()) = cut.changed() => std::future::pending().await,
    }
}
