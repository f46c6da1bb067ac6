//! Reading files without keeping others from being answered.

use super::failure::Failure;

/// Does what reads files, or computes for long, on a thread that may wait.
///
/// # Errors
/// What `read` gives; or it panicked.
pub async fn reading<T: Send + 'static>(
    read: impl FnOnce() -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    tokio::task::spawn_blocking(read).await?
}
