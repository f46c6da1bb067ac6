//! Panics of the tokenizer library become errors: its regular expressions panic where they exceed the engine's limits.

use std::any::Any;
use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;

thread_local! {
    /// While this thread is in [`guarded`].
    static GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// A panic that was caught, with its message.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct Panic(String);

/// Runs `action`; where it panics, gives the message instead, and nothing is printed.
pub(super) fn guarded<T>(action: impl FnOnce() -> T) -> Result<T, Panic> {
    static INSTALL: Once = Once::new();
    INSTALL.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !GUARDED.get() {
                before(info);
            }
        }));
    });
    let outer = GUARDED.replace(true);
    // A tokenizer is only read, but for a cache whose locks a panic leaves free or poisoned, which it takes for absent.
    let result = panic::catch_unwind(AssertUnwindSafe(action));
    GUARDED.set(outer);
    result.map_err(|payload| Panic(message(payload.as_ref())))
}

fn message(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| payload.downcast_ref::<String>().cloned()).unwrap_or_else(|| "no message".to_owned())
}
