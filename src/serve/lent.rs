//! What is handed back when its user drops it.

use tokio::sync::oneshot;

/// A value that somebody else uses for a while.
#[derive(Debug)]
pub(crate) struct Lent<T> {
    /// `None` only while it is dropped.
    value: Option<T>,
    back: Option<oneshot::Sender<T>>,
}

impl<T> Lent<T> {
    /// The value to use, and the way it comes back.
    pub(crate) fn new(value: T) -> (Self, oneshot::Receiver<T>) {
        let (back, returned) = oneshot::channel();
        (Self { value: Some(value), back: Some(back) }, returned)
    }

    pub(crate) fn get(&self) -> Option<&T> {
        self.value.as_ref()
    }

    pub(crate) fn lent(&mut self) -> Option<&mut T> {
        self.value.as_mut()
    }
}

impl<T> Drop for Lent<T> {
    fn drop(&mut self) {
        if let (Some(value), Some(back)) = (self.value.take(), self.back.take()) {
            // Nobody waits for it where the server ends at once.
            let _ = back.send(value);
        }
    }
}
