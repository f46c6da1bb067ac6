//! An adapter that is read back after its files were damaged: told, and never a panic.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use proptest::prelude::*;
use sweep::model::{Base, peft};
use sweep::spec::Precision;

use crate::comparing::scratch;

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/reference/bert").join(name)
}

fn base() -> Base {
    Base::load(&fixture("model"), 4, Precision::Fp32, tch::Device::Cpu).unwrap()
}

/// Adapters of several kinds that fit the base: all that `peft` writes is read by one reader.
fn adapters() -> &'static [PathBuf] {
    static ADAPTERS: OnceLock<Vec<PathBuf>> = OnceLock::new();
    ADAPTERS.get_or_init(|| {
        let base = base();
        let entries = std::fs::read_dir(fixture("adapters")).unwrap();
        let folders = entries.map(|entry| entry.unwrap().path());
        let mut folders: Vec<PathBuf> = folders.filter(|folder| peft::load(folder, &base).is_ok()).collect();
        folders.sort();
        assert!(folders.len() >= 5, "{folders:?}");
        folders
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_damaged_adapter_is_told_and_never_a_panic(
        adapter in any::<prop::sample::Index>(),
        config in any::<bool>(),
        place in any::<prop::sample::Index>(),
        flips in prop::option::of(1..=255_u8),
    ) {
        let source = adapter.get(adapters());
        let folder = scratch();
        for name in ["adapter_config.json", "adapter_model.safetensors"] {
            std::fs::copy(source.join(name), folder.path().join(name)).unwrap();
        }
        let base = base();
        let damaged = folder.path().join(if config { "adapter_config.json" } else { "adapter_model.safetensors" });
        let mut bytes = std::fs::read(&damaged).unwrap();
        // The beginning of the weights says what they are; damage there goes furthest.
        let position = place.index(if config { bytes.len() } else { bytes.len().min(4000) });
        let whole = bytes.clone();
        match flips {
            None => bytes.truncate(position),
            Some(bits) => bytes[position] ^= bits,
        }
        std::fs::write(&damaged, bytes).unwrap();
        if let Err(error) = peft::load(folder.path(), &base) {
            let text = error.to_string();
            prop_assert!(text.contains("adapter_config.json") || text.contains("adapter_model.safetensors"), "{}", text);
        } else {
            // Bits of a value cannot be told from another value, but half a file can; a line end at the end says nothing.
            prop_assert!(flips.is_some() || whole[position..].iter().all(u8::is_ascii_whitespace));
        }
    }
}
