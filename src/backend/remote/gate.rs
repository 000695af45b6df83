//! So few may wait for one backend that there is always somebody left who looks at the objects of others: the controllers have
//! eight hands, and a backend that hangs holds three.

use super::failure::Failure;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{Instant, timeout};

/// So many may wait for it.
const SEATS: usize = 3;
/// Who gets no seat waits as long as others come and go. When for so long nobody did, whoever comes is turned away at once.
const PATIENCE: Duration = Duration::from_secs(10);

/// The way in to one backend.
pub(super) struct Gate {
    seats: Semaphore,
    /// When somebody came or went last.
    moved: Mutex<Instant>,
}

/// A seat.
pub(super) struct Pass<'a> {
    gate: &'a Gate,
    _seat: SemaphorePermit<'a>,
}

impl Default for Gate {
    fn default() -> Self {
        Gate { seats: Semaphore::new(SEATS), moved: Mutex::new(Instant::now()) }
    }
}

impl Gate {
    /// Waits for a seat.
    pub(super) async fn enter(&self) -> Result<Pass<'_>, Failure> {
        let patience = PATIENCE.saturating_sub(self.last_moved().elapsed());
        let busy = || Failure::Late(format!("it has not answered {SEATS} others for {PATIENCE:?}"));
        // The gate is never closed: an error is that of the time.
        let Ok(Ok(seat)) = timeout(patience, self.seats.acquire()).await else { return Err(busy()) };
        self.moves();
        Ok(Pass { gate: self, _seat: seat })
    }

    fn last_moved(&self) -> Instant {
        *self.moved.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn moves(&self) {
        *self.moved.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }
}

impl Drop for Pass<'_> {
    fn drop(&mut self) {
        self.gate.moves();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_backend_that_hangs_holds_three_and_turns_others_away() {
        let (gate, began) = (Gate::default(), Instant::now());
        let mut held = Vec::new();
        for _ in 0..SEATS {
            held.push(gate.enter().await.ok());
        }
        assert!(gate.enter().await.is_err());
        assert_eq!(began.elapsed(), PATIENCE, "the first is patient");
        assert!(gate.enter().await.is_err());
        assert_eq!(began.elapsed(), PATIENCE, "the next knows better");
        held.pop();
        assert!(gate.enter().await.is_ok(), "one was answered");
        assert_eq!(began.elapsed(), PATIENCE);
    }
}
