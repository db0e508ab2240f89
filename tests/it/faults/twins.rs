//! Two instances on one database are sent the same responses at the same time; one of them dies, again and
//! again.

use crate::support::cluster::database;
use crate::support::load::{Answer, Sender};
use crate::support::samples::id;
use crate::support::site::Site;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::sleep;
use uuid::Uuid;

/// Posts until acknowledged; gives how often the outcome was unknown.
async fn insist(sender: &Sender, id: Uuid) -> usize {
    let mut unknown = 0;
    loop {
        match sender.post(id).await {
            Answer::Acknowledged => return unknown,
            Answer::Refused => {}
            Answer::Unknown => unknown += 1,
        }
        sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn the_same_ids_at_two_instances_are_stored_once_also_if_one_dies() {
    let (site, mut first) = Site::on("twins", database().await, &[]).await;
    let mut second = site.another(&[]).await;
    let address = watch::channel(second.url().to_owned()).0;
    let (done, told) = watch::channel(false);
    let kiosks: Vec<_> = (0..12)
        .map(|_| {
            let (one, other) = (Sender::new(&site), Sender::new(&site).at(&address));
            let told = told.clone();
            tokio::spawn(async move {
                let (mut acknowledged, mut unknown) = (Vec::new(), 0);
                while !*told.borrow() {
                    let id = id(std::time::SystemTime::now().into());
                    let broken = futures_util::join!(insist(&one, id), insist(&other, id));
                    unknown += broken.0 + broken.1;
                    acknowledged.push(id);
                    sleep(Duration::from_millis(10)).await;
                }
                (acknowledged, unknown)
            })
        })
        .collect();
    for _ in 0..10 {
        sleep(Duration::from_millis(rand::random_range(300..1000))).await;
        second.kill();
        second = site.another(&[]).await;
        address.send_replace(second.url().to_owned());
    }
    sleep(Duration::from_millis(500)).await;
    done.send_replace(true);
    let (mut acknowledged, mut unknown) = (Vec::new(), 0);
    for kiosk in kiosks {
        let (ids, broken) = kiosk.await.unwrap();
        acknowledged.extend(ids);
        unknown += broken;
    }
    assert!(
        acknowledged.len() > 100 && unknown > 0,
        "{} acknowledged, {unknown} unknown",
        acknowledged.len()
    );
    let stored = site.prove_nothing_lost(&acknowledged).await;
    assert_eq!(stored.len(), acknowledged.len());
    first.stop();
    second.stop();
}
