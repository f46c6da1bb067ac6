//! Kubernetes: a sweep as an Indexed Job whose pods share a volume.

mod kubectl;
mod launcher;
mod manifest;
mod pods;
mod settings;

pub use launcher::Kubernetes;
