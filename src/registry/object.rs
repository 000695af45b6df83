//! Decoded objects, shared while they are in use.
//!
//! What the cache keeps of every object is its encoded bytes; decoded, an object takes several times as much memory.
//! The objects that were decoded last stay decoded, within one budget for all kinds, since what was just written is
//! what a controller and the next update look at.

use apimachinery::kind::Hub;
use std::collections::VecDeque;
use std::fmt;
use std::ops::Deref;
use std::sync::{Arc, Mutex, PoisonError, Weak};

/// What the recently decoded objects may take, counted in encoded bytes.
const BUDGET: usize = 2 << 20;
/// So many encoded bytes an object counts at least: small ones take more decoded.
const LEAST: usize = 1024;

/// A decoded object.
pub struct Object(Box<dyn Hub>);

impl Deref for Object {
    type Target = dyn Hub;

    fn deref(&self) -> &Self::Target {
        &*self.0
    }
}

impl fmt::Debug for Object {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

/// An object that may be decoded right now.
#[derive(Default)]
pub(super) struct Slot(Mutex<Weak<Object>>);

impl Slot {
    /// One that is decoded already; `size` is that of its encoded bytes.
    pub(super) fn new(object: Box<dyn Hub>, size: usize) -> Slot {
        let object = Arc::new(Object(object));
        let slot = Slot(Mutex::new(Arc::downgrade(&object)));
        RECENT.keep(object, size);
        slot
    }

    /// The object, decoded anew where it is not.
    pub(super) fn get(&self, size: usize, decode: impl FnOnce() -> Box<dyn Hub>) -> Arc<Object> {
        let mut slot = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(object) = slot.upgrade() {
            return object;
        }
        let object = Arc::new(Object(decode()));
        *slot = Arc::downgrade(&object);
        drop(slot);
        RECENT.keep(object.clone(), size);
        object
    }
}

/// The objects that were decoded last.
struct Recent(Mutex<Ring>);

static RECENT: Recent = Recent(Mutex::new(Ring { objects: VecDeque::new(), size: 0 }));

struct Ring {
    objects: VecDeque<(Arc<Object>, usize)>,
    size: usize,
}

impl Recent {
    fn keep(&self, object: Arc<Object>, size: usize) {
        let size = size.max(LEAST);
        let mut gone = Vec::new();
        let mut ring = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        ring.objects.push_back((object, size));
        ring.size += size;
        while ring.size > BUDGET
            && let Some((object, size)) = ring.objects.pop_front()
        {
            ring.size -= size;
            gone.push(object);
        }
        // Dropping takes longer than anybody should wait for the ring.
        drop(ring);
    }
}
