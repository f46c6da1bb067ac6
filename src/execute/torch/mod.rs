//! Training with libtorch, on one device.

mod adapter_classes;
mod device;
mod executor;
mod head;
mod loaded;
mod memory;
mod rate;
mod source;

pub use adapter_classes::adapter_class_names;
pub use device::{check_threads, cuda_devices, open_device};
pub use executor::TorchExecutor;
pub use rate::{multiplied_precision, product_rate};
pub use source::TorchSource;
