//! What the service does when things break under load: the real program, killed, frozen, cut off, flooded.
//! Every test ends with the proof that no acknowledged response is lost or counted twice.

mod absence;
mod crashes;
mod flood;
mod shortage;
mod twins;
mod visitors;

/// A whole number from the environment, for runs longer than the usual ones.
fn setting(name: &str, usual: u64) -> u64 {
    match std::env::var(name) {
        Ok(text) => text.parse().unwrap_or_else(|_| panic!("{name} is a number, not {text:?}")),
        Err(_) => usual,
    }
}
