//! Panics become values at the seam to an executor.

use std::any::Any;
use std::backtrace::Backtrace;
use std::cell::RefCell;
use std::panic::{self, AssertUnwindSafe, PanicHookInfo};
use std::sync::Once;

thread_local! {
    /// While this thread catches panics: what the hook saw.
    static SEEN: RefCell<Option<Seen>> = const { RefCell::new(None) };
}

#[derive(Default)]
struct Seen {
    text: Option<String>,
}

/// A panic that was caught: its message, with the place and the traceback where they are known.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub(super) struct Panic(pub(super) String);

/// Runs `action`; where it panics, gives the message, the place and the traceback instead.
///
/// The place and the traceback are known only to the panic hook, of which a process has one. So the first call puts a
/// hook in front of the present one; it acts only in threads that are in this function.
pub(super) fn catch<T>(action: impl FnOnce() -> T) -> Result<T, Panic> {
    static INSTALL: Once = Once::new();
    INSTALL.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !note(info) {
                before(info);
            }
        }));
    });
    SEEN.set(Some(Seen::default()));
    // Whoever calls the executor again after a panic relies on the executor's contract, not on its state.
    let result = panic::catch_unwind(AssertUnwindSafe(action));
    let seen = SEEN.take();
    result.map_err(|payload| Panic(seen.and_then(|seen| seen.text).unwrap_or_else(|| message(payload.as_ref()))))
}

/// Notes a panic of this thread; false where nobody here catches it.
fn note(info: &PanicHookInfo<'_>) -> bool {
    SEEN.with_borrow_mut(|seen| {
        let Some(seen) = seen else { return false };
        let place = info.location().map_or_else(String::new, |location| format!(" at {location}"));
        seen.text = Some(format!("panicked{place}: {}\n{}", message(info.payload()), Backtrace::force_capture()));
        true
    })
}

fn message(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "panicked without a message".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_its_message_place_and_traceback() {
        let text = catch(|| panic!("no such layer: {}", 12)).unwrap_err().0;
        let first = text.lines().next().unwrap();
        assert!(first.contains("catch.rs:") && first.ends_with("no such layer: 12"), "{text}");
        assert!(text.lines().count() > 3, "no traceback in {text}");
    }

    #[test]
    fn without_a_panic_the_value_comes_back_and_later_panics_are_told_apart() {
        assert_eq!(catch(|| 3), Ok(3));
        assert!(catch(|| panic!("one")).unwrap_err().0.contains("one"));
        assert!(catch(|| panic!("two")).unwrap_err().0.contains("two"));
    }
}
